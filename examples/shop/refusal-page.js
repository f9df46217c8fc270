import { refusalBox } from './fields.js'
import { html } from './html.js'

/**
 * The page that stands where another could not be shown.
 *
 * @param {string} told Why.
 */
export function refusalPage(told) {
  return {
    title: 'That did not work',
    main: html`<h1>Shop</h1>${refusalBox(told)}<p><a class="back" href="/">Back to the products</a></p>`,
  }
}
