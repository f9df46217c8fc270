import type { Paginator } from './paginator.js'

/** How the pages are shown. @since 0.1 */
export interface RenderOptions {
  /** Gives the address of a page. */
  readonly urlFor: (page: number) => string
  /** Class of the list. @default 'pagination' */
  readonly className?: string
  /** Name of the navigation for screen readers. @default 'Pages' */
  readonly label?: string
}

/**
 * HTML of the page numbers: links for the others, the current one marked, an ellipsis for a gap, arrows at both ends.
 *
 * @since 0.1
 * @example
 * renderPagination(page, { urlFor: (number) => `/users?page=${number}` })
 */
export function renderPagination(page: Paginator<unknown>, options: RenderOptions): string {
  const { urlFor, className = 'pagination', label = 'Pages' } = options
  const link = (number: number, rel: string, text: string): string =>
    `<li><a href="${escaped(urlFor(number))}" rel="${rel}"${text}</a></li>`
  const arrow = (exists: boolean, number: number, rel: string, name: string, sign: string): string =>
    exists
      ? link(number, `me ${rel}`, ` aria-label="${name}"><span aria-hidden="true">${sign}</span>`)
      : `<li class="disabled"><span><span aria-hidden="true">${sign}</span></span></li>`
  const numbers = page.pages.map((number) => {
    if (number === null) return '<li><span class="ellipsis">…</span></li>'
    if (number === page.page) return `<li class="active"><span aria-current="page">${number}</span></li>`
    return link(number, 'me', `>${number}`)
  })
  return [
    `<nav aria-label="${escaped(label)}"><ul class="${escaped(className)}">`,
    arrow(page.hasPrev, page.prevPageNumber, 'prev', 'Previous page', '&laquo;'),
    ...numbers,
    arrow(page.hasNext, page.nextPageNumber, 'next', 'Next page', '&raquo;'),
    '</ul></nav>',
  ].join('')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')
}
