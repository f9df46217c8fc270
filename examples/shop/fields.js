import { html, nothing } from './html.js'

/**
 * A field of a form, with its label and what is wrong with it.
 *
 * @param {{ name: string, label: string, value: unknown, wrong?: string, attributes?: ReturnType<typeof html> }} field
 */
export function inputField({ name, label, value, wrong, attributes = nothing }) {
  return html`<div class="field"><label for="${name}">${label}</label>${complaint(name, wrong)}<input id="${name}" name="${name}" value="${value}" ${attributes}${described(name, wrong)}></div>`
}

/**
 * A field of a form in which one of a list is chosen.
 *
 * @param {{ name: string, label: string, value: unknown, choices: readonly (readonly [value: unknown, text: string])[] }} field
 */
export function choiceField({ name, label, value, choices }) {
  const options = choices.map(
    ([each, text]) => html`<option value="${each}"${String(each) === String(value) ? html` selected` : nothing}>${text}</option>`,
  )
  return html`<div class="field"><label for="${name}">${label}</label><select id="${name}" name="${name}">${options}</select></div>`
}

/**
 * Why nothing was done, at the head of a page. It takes the focus, so that it is heard and seen first.
 *
 * @param {string} told
 * @param {ReturnType<typeof html>} [more]
 */
export function refusalBox(told, more = nothing) {
  return html`<div class="refusal" role="alert" tabindex="-1" autofocus><h2>That did not work</h2><p>${told}</p>${more}</div>`
}

function complaint(name, wrong) {
  return wrong ? html`<span class="wrong" id="${name}-wrong">${wrong}</span>` : nothing
}

function described(name, wrong) {
  return wrong ? html` aria-invalid="true" aria-describedby="${name}-wrong"` : nothing
}
