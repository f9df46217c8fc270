import { renderPagination } from '@active-alchemy/core'
import { asHtml, html, nothing } from './html.js'
import { shownPrice } from './price.js'

/**
 * The page that shows the products of `page`, with links to the others.
 *
 * @param {import('@active-alchemy/core').Paginator<object>} page
 * @param {{ told: string, undo?: string }} [notice] What has just been done, and the address that undoes it.
 */
export function productsPage(page, notice) {
  const { items, firstIndex, lastIndex, total } = page
  const pagination = renderPagination(page, { urlFor: (number) => `/?page=${number}`, label: 'Pages of products' })
  return {
    // Read aloud first: what has been done stands before where one is.
    title: notice ? notice.told : `Products, page ${page.page}`,
    main: html`<h1>Shop</h1>
${notice ? noticeBox(notice) : nothing}
<p class="soft">${items.length === 0 ? 'There are no products on this page.' : `Products ${firstIndex} to ${lastIndex} of ${total}`}</p>
<table>
<thead><tr><th scope="col">Product</th><th scope="col" class="number">Price</th><th scope="col" class="number">In stock</th><th scope="col">Do</th></tr></thead>
<tbody>
${items.map(productRow)}
</tbody>
</table>
${asHtml(pagination)}`,
  }
}

function noticeBox({ told, undo }) {
  const button = undo ? html`<form method="post" action="${undo}"><button>Undo</button></form>` : nothing
  return html`<div class="notice" role="status"><p>${told}</p>${button}</div>`
}

function productRow({ id, name, priceCents, stock }) {
  const pieces = stock === 0 ? html`<td class="number sold-out">sold out</td>` : html`<td class="number">${stock}</td>`
  // Links are read by themselves, too: each says which product it is about.
  const link = (to, word) => html`<a href="/products/${id}/${to}">${word}<span class="visually-hidden"> ${name}</span></a>`
  const links = html`${stock === 0 ? nothing : link('order', 'Order')} ${link('edit', 'Edit')}`
  return html`<tr><th scope="row">${name}</th><td class="number">${shownPrice(priceCents)}</td>${pieces}<td class="links">${links}</td></tr>
`
}
