import { renderPagination } from '@active-alchemy/core'

const style = `
  :root { color-scheme: light dark; --line: #d5d9de; --soft: #57606a; --accent: #0b57d0 }
  @media (prefers-color-scheme: dark) { :root { --line: #3a4048; --soft: #a3adb8; --accent: #8ab4f8 } }
  body { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem; font: 1rem/1.5 system-ui, sans-serif }
  h1 { margin: 0; font-size: 1.75rem }
  a { color: var(--accent) }
  a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
  .soft { margin: 0 0 1rem; color: var(--soft) }
  table { width: 100%; border-collapse: collapse }
  th, td { padding: .6rem .5rem; border-bottom: 1px solid var(--line); text-align: start; overflow-wrap: anywhere }
  .number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap }
  .sold-out { color: var(--soft) }
  .pagination { display: flex; flex-wrap: wrap; justify-content: center; gap: .25rem; margin: 1.5rem 0 0; padding: 0; list-style: none }
  .pagination a, .pagination li > span { display: block; min-width: 2.75rem; padding: .6rem .5rem; box-sizing: border-box; border-radius: .5rem; text-align: center; text-decoration: none }
  .pagination a:hover { background: var(--line) }
  .pagination .active span { border: 2px solid var(--accent); padding: calc(.6rem - 2px) .5rem; font-weight: 700 }
  .pagination .disabled, .pagination .ellipsis { color: var(--soft) }
`
const price = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })

/** The page that shows the products of `page`, with links to the others. */
export function productsPage(page) {
  const { items, firstIndex, lastIndex, total } = page
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shop – page ${page.page}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Shop</h1>
<p class="soft">${items.length === 0 ? 'There are no products on this page.' : `Products ${firstIndex} to ${lastIndex} of ${total}`}</p>
<table>
<thead><tr><th scope="col">Product</th><th scope="col" class="number">Price</th><th scope="col" class="number">In stock</th></tr></thead>
<tbody>
${items.map(productRow).join('\n')}
</tbody>
</table>
${renderPagination(page, { urlFor: (number) => `/?page=${number}`, label: 'Pages of products' })}
</main>
</body>
</html>
`
}

function productRow({ name, priceCents, stock }) {
  const pieces = stock === 0 ? '<td class="number sold-out">sold out</td>' : `<td class="number">${stock}</td>`
  return `<tr><th scope="row">${escaped(name)}</th><td class="number">${price.format(priceCents / 100)}</td>${pieces}</tr>`
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Names come from whoever adds products: shown as text, whatever they hold. */
function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => entities[character])
}
