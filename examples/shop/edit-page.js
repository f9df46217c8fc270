import { inputField, refusalBox } from './fields.js'
import { html, nothing } from './html.js'

/** Fields of the form, the column that each fills, what a browser takes, and what is told of a value that is no such thing. */
const fields = [
  { name: 'name', column: 'name', label: 'Name', takes: 'is a text', attributes: html`required maxlength="80"` },
  {
    name: 'price',
    column: 'priceCents',
    label: 'Price in euro',
    takes: 'is an amount such as 49.50',
    attributes: html`required type="number" min="0" step="0.01"`,
  },
  {
    name: 'stock',
    column: 'stock',
    label: 'In stock',
    takes: 'is a whole number of pieces',
    attributes: html`required type="number" min="0" step="1"`,
  },
]

/**
 * The page on which a product is changed or deleted. Its forms carry the state of the product that they show: who sends them when another
 * has changed it is told.
 *
 * @param {{ id: number, name: string, priceCents: number, stock: number, etag: string }} product
 * @param {{ typed?: Record<string, string>, isOld?: boolean, errors?: readonly { column: string, code: string, message: string }[] }} [refused]
 *   What was typed, and why it was not taken.
 */
export function editPage(product, { typed, isOld = false, errors = [] } = {}) {
  const there = shownValues(product)
  const isRefused = isOld || errors.length > 0
  const wrong = fields.flatMap((field) => errors.filter(({ column }) => column === field.column).map((error) => complaint(field, error)))
  const seen = html`<input type="hidden" name="seen" value="${product.etag}">`
  return {
    title: `${isRefused ? 'Not saved: edit' : 'Edit'} ${product.name}`,
    main: html`<h1>${product.name}</h1>
${isOld ? oldBox(there, typed) : nothing}
${wrong.length > 0 ? wrongBox(wrong) : nothing}
<form class="fields" method="post" action="/products/${product.id}/edit">
${seen}
${fields.map((field) => inputField({ ...field, value: typed?.[field.name] ?? there[field.name], wrong: wrong.find(({ name }) => name === field.name)?.what }))}
<button class="first">Save</button>
</form>
<form method="post" action="/products/${product.id}/delete">${seen}<button>Delete</button></form>
<p><a class="back" href="/">Back to the products</a></p>`,
  }
}

/**
 * What the form was filled with, as values of the model. What is no number is none to the model either, which refuses it.
 *
 * @param {Record<string, string>} form
 */
export function readProductForm({ name, price, stock }) {
  return { name, priceCents: Math.round(numberIn(price) * 100), stock: numberIn(stock) }
}

/** @param {unknown} text Who sends a field twice sends a list. */
function numberIn(text = '') {
  const digits = String(text).trim()
  return digits === '' ? Number.NaN : Number(digits)
}

function shownValues({ name, priceCents, stock }) {
  return { name, price: (priceCents / 100).toFixed(2), stock: String(stock) }
}

/** Another was faster: what there is now, beside what was typed. */
function oldBox(there, typed) {
  const told =
    'Somebody else has changed this product since you opened it, so nothing was done. Look at what there is now, and decide anew.'
  const rows = fields.map(
    ({ name, label }) =>
      html`<tr><th scope="row">${label}</th><td>${there[name]}</td>${typed ? html`<td>${typed[name] ?? ''}</td>` : nothing}</tr>`,
  )
  const heads = html`<th scope="col">Field</th><th scope="col">There is now</th>${typed ? html`<th scope="col">You typed</th>` : nothing}`
  return refusalBox(told, html`<table><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table>`)
}

function complaint({ name, label, takes }, { code, message }) {
  return { name, label, what: code === 'type' ? takes : message }
}

/** What is wrong, with the way to its field. */
function wrongBox(wrong) {
  const items = wrong.map(({ name, label, what }) => html`<li><a href="#${name}">${label}</a> ${what}</li>`)
  return refusalBox('Some of it cannot be taken:', html`<ul>${items}</ul>`)
}
