import { choiceField, inputField, refusalBox } from './fields.js'
import { html, nothing } from './html.js'
import { shownPrice } from './price.js'

const cards = [
  ['good', 'A card with cover'],
  ['refused', 'A card without cover'],
  ['broken', 'A card whose provider does not answer'],
]

/**
 * The page on which a product is ordered.
 *
 * @param {{ id: number, name: string, priceCents: number, stock: number }} product
 * @param {readonly { id: number, name: string }[]} customers
 * @param {{ reference: string, customer?: string, quantity?: string, card?: string }} form What it is filled with; its reference makes
 *   an order that is sent twice one order.
 * @param {string} [refusal] Why the order was not placed.
 */
export function orderPage(product, customers, { reference, customer = '', quantity = '1', card = 'good' }, refusal) {
  const { id, name, priceCents, stock } = product
  return {
    title: `${refusal ? 'Not ordered:' : 'Order'} ${name}`,
    main: html`<h1>Order ${name}</h1>
${refusal ? refusalBox(refusal) : nothing}
<p class="soft">${shownPrice(priceCents)} each, ${stock} in stock</p>
<form class="fields" method="post" action="/products/${id}/order">
<input type="hidden" name="reference" value="${reference}">
${inputField({ name: 'quantity', label: 'Pieces', value: quantity, attributes: html`required type="number" min="1" max="99" step="1"` })}
${choiceField({ name: 'customer', label: 'Who orders', value: customer, choices: customers.map((each) => [each.id, each.name]) })}
${choiceField({ name: 'card', label: 'Card', value: card, choices: cards })}
<button class="first">Place the order</button>
</form>
<p><a class="back" href="/">Back to the products</a></p>`,
  }
}
