import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Paginator } from '../src/pagination/paginator.js'
import { type RenderOptions, renderPagination } from '../src/pagination/render.js'

function html(page: number, total: number | null, options: Partial<RenderOptions> = {}, hasMore = false): string {
  return renderPagination(new Paginator({ items: [], page, perPage: 10, total, hasMore }), {
    urlFor: (number) => `/users?page=${number}`,
    ...options,
  })
}

/** The tags of `text`, after a check that each is closed where it was opened. */
function tags(text: string): string[] {
  const found = [...text.matchAll(/<(\/?)([a-z]+)((?: [a-z-]+="[^"<>]*")*)>/g)]
  expect(found.map(([tag]) => tag).join('').length + text.replace(/<[^>]*>/g, '').length).toBe(text.length)
  const open: string[] = []
  for (const [, slash, name = ''] of found) {
    const closed = slash ? open.pop() : open.push(name) && name
    expect(closed).toBe(name)
  }
  expect(open).toEqual([])
  return found.filter(([, slash]) => !slash).map(([, , name = '', attributes = '']) => `${name}${attributes}`)
}

function decoded(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
}

describe('a page in the middle', () => {
  it('has arrows at both ends, links for the others, and the current page marked', () => {
    expect(html(2, 30)).toBe(
      '<nav aria-label="Pages"><ul class="pagination">' +
        '<li><a href="/users?page=1" rel="me prev" aria-label="Previous page"><span aria-hidden="true">&laquo;</span></a></li>' +
        '<li><a href="/users?page=1" rel="me">1</a></li>' +
        '<li class="active"><span aria-current="page">2</span></li>' +
        '<li><a href="/users?page=3" rel="me">3</a></li>' +
        '<li><a href="/users?page=3" rel="me next" aria-label="Next page"><span aria-hidden="true">&raquo;</span></a></li>' +
        '</ul></nav>',
    )
  })

  it('shows an ellipsis for a gap', () => {
    expect(html(10, 250).match(/<span class="ellipsis">…<\/span>/g)).toHaveLength(2)
  })
})

describe('an arrow that leads nowhere', () => {
  const nowhere = (sign: string): string => `<li class="disabled"><span><span aria-hidden="true">${sign}</span></span></li>`

  it('is no link on the first page', () => {
    expect(html(1, 30)).toContain(nowhere('&laquo;'))
    expect(html(1, 30)).not.toContain('prev')
  })

  it('is no link on the last page', () => {
    expect(html(3, 30)).toContain(nowhere('&raquo;'))
    expect(html(3, 30)).not.toContain('next')
  })

  it('is all there is of an empty list', () => {
    expect(html(1, 0)).toBe(`<nav aria-label="Pages"><ul class="pagination">${nowhere('&laquo;')}${nowhere('&raquo;')}</ul></nav>`)
  })
})

it('marks no page as current beyond the end', () => {
  expect(html(9, 30)).not.toContain('aria-current')
})

it('shows an uncounted list as far as it is known', () => {
  expect(html(1, null, {}, true)).toContain('<a href="/users?page=2" rel="me next"')
})

it('takes the class of the list and the name for screen readers', () => {
  expect(html(1, 30, { className: 'pager big', label: 'Pages of users' })).toMatch(
    /^<nav aria-label="Pages of users"><ul class="pager big">/,
  )
})

it('escapes an address', () => {
  expect(html(1, 20, { urlFor: (number) => `/s?q="><script>alert('x')</script>&page=${number}` })).toContain(
    'href="/s?q=&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;page=2"',
  )
})

it('makes the same tags whatever the texts are, and keeps the texts', () => {
  const nasty = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '=', ' ', 'onload', '&quot;') }))
  fc.assert(
    fc.property(nasty, nasty, nasty, fc.integer({ min: 1, max: 30 }), (url, className, label, page) => {
      const withoutTexts = (each: string): string => each.replace(/(href|class|aria-label)="[^"]*"/, '$1')
      const text = html(page, 250, { urlFor: () => url, className, label })
      expect(tags(text).map(withoutTexts)).toEqual(tags(html(page, 250)).map(withoutTexts))
      expect([...text.matchAll(/href="([^"]*)"/g)].every(([, href = '']) => decoded(href) === url)).toBe(true)
      expect(decoded(/<nav aria-label="([^"]*)">/.exec(text)?.[1] ?? '')).toBe(label)
      expect(decoded(/<ul class="([^"]*)">/.exec(text)?.[1] ?? '')).toBe(className)
    }),
  )
})
