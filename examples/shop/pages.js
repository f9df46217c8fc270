import { randomUUID } from 'node:crypto'
import { pageAnswer, redirection } from './answer.js'
import { editPage, readProductForm } from './edit-page.js'
import { orderPage } from './order-page.js'
import { shownPrice } from './price.js'
import { productsPage } from './products-page.js'
import { refusalPage } from './refusal-page.js'

/**
 * The shop's pages, for people. They are read and used without a script, and know no framework: each takes what a request holds, and
 * gives its answer. An answer of 400 and above undoes what its request has written, also where it is a page.
 *
 * @param {ReturnType<typeof import('./shop.js').createShop>} shop
 * @param {{ logError?: (error: unknown) => void }} [options]
 */
export function createPages(shop, { logError = console.error } = {}) {
  /**
   * A page that says why, where one cannot be shown.
   *
   * @typedef {{ id?: string, query?: Record<string, string>, form?: Record<string, string> }} Asked
   * @param {(asked: Asked) => Promise<import('./answer.js').Answer>} answer
   * @returns {(asked: Asked) => Promise<import('./answer.js').Answer>}
   */
  const page = (answer) => async (asked) => {
    try {
      return await answer({ ...asked, form: asked.form ?? {} })
    } catch (error) {
      const { status = 500, expose, message } = error
      if (status >= 500) logError(error)
      return pageAnswer(status, refusalPage(expose ? message : 'Something went wrong. Nothing was changed.'))
    }
  }

  /** What the form before has done; its address says it, and is believed as far as it is so. */
  async function noticeOf({ saved, deleted, restored, ordered }) {
    if (ordered) {
      const { id, totalCents, lines } = await shop.findOrder(ordered)
      const pieces = lines.map(({ quantity, productName }) => [quantity, productName].join(' × ')).join(', ')
      return { told: `Order ${id} was placed: ${pieces}, ${shownPrice(totalCents)}.` }
    }
    const id = saved ?? deleted ?? restored
    if (id === undefined) return undefined
    const { name, isDeleted } = await shop.findProduct(id, { includeDeleted: true })
    if (isDeleted) return { told: `${name} was deleted.`, undo: `/products/${id}/undo` }
    return { told: `${name} ${saved === undefined ? 'is back' : 'was saved'}.` }
  }

  return {
    products: page(async ({ query }) => pageAnswer(200, productsPage(await shop.browse(query.page), await noticeOf(query)))),

    edit: page(async ({ id }) => pageAnswer(200, editPage(await shop.findProduct(id)))),

    save: page(async ({ id, form }) => {
      try {
        await shop.changeProduct(id, readProductForm(form), form.seen ?? '')
      } catch (error) {
        const { code, status, errors } = error
        // The form comes back as it was filled, with what is wrong, or with what another has made of the product.
        if (code !== 'PRECONDITION_FAILED' && code !== 'INVALID_VALUE') throw error
        return pageAnswer(status, editPage(await shop.findProduct(id), { typed: form, isOld: code === 'PRECONDITION_FAILED', errors }))
      }
      return redirection(`/?saved=${id}`)
    }),

    delete: page(async ({ id, form }) => {
      try {
        await shop.deleteProduct(id, form.seen ?? '')
      } catch (error) {
        if (error.code !== 'PRECONDITION_FAILED') throw error
        return pageAnswer(error.status, editPage(await shop.findProduct(id), { isOld: true }))
      }
      return redirection(`/?deleted=${id}`)
    }),

    undo: page(async ({ id }) => {
      await shop.restoreProduct(id)
      return redirection(`/?restored=${id}`)
    }),

    orderForm: page(async ({ id }) =>
      pageAnswer(200, orderPage(await shop.findProduct(id), await shop.allCustomers(), { reference: randomUUID() })),
    ),

    order: page(async ({ id, form }) => {
      // Read before: where a statement has failed, a transaction may read no more.
      const product = await shop.findProduct(id)
      const customers = await shop.allCustomers()
      const { reference, customer, card, quantity } = form
      const items = [{ productId: product.id, quantity: Number(quantity) }]
      try {
        const { id: ordered } = await shop.placeOrder({ reference, customerId: customer, card, items })
        return redirection(`/?ordered=${String(ordered)}`)
      } catch (error) {
        const { status, code, expose, message } = error
        if (!expose) throw error
        return pageAnswer(status, orderPage(product, customers, form, refusals[code] ?? message))
      }
    }),
  }
}

/** What people are told where the error speaks to programs. */
const refusals = {
  CONFLICT: 'There are not as many left. Order fewer.',
  UNIQUE: 'This order has been placed already.',
}
