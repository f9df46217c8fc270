import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Paginator } from '../src/pagination/paginator.js'

/** Page `page` of the numbers from 1 to `total`. */
function pageOf(total: number, page = 1, perPage = 10): Paginator<number> {
  const all = Array.from({ length: total }, (_, index) => index + 1)
  return new Paginator({ items: all.slice((page - 1) * perPage, page * perPage), page, perPage, total })
}

/** A page of a list that was not counted. */
function uncounted(page: number, hasMore?: boolean): Paginator<string> {
  return new Paginator({ items: ['a'], page, perPage: 1, total: null, ...(hasMore === undefined ? {} : { hasMore }) })
}

describe('a page in the middle', () => {
  const page = pageOf(45, 2, 20)

  it('knows where it stands', () => {
    expect(page).toMatchObject({
      page: 2,
      perPage: 20,
      total: 45,
      totalPages: 3,
      hasPrev: true,
      hasNext: true,
      prevPageNumber: 1,
      nextPageNumber: 3,
      firstIndex: 21,
      lastIndex: 40,
    })
  })

  it('gives its items when it is iterated, as often as one likes', () => {
    expect([...page]).toEqual(page.items)
    expect([...page]).toHaveLength(20)
  })

  it('has the page numbers around it, as often as one likes', () => {
    expect(page.pages).toEqual([1, 2, 3])
    expect(page.pages).toEqual(page.iterPages())
  })

  it('is JSON of its items and where it stands', () => {
    const small = pageOf(3, 1, 2)
    expect(JSON.parse(JSON.stringify(small))).toEqual({
      items: [1, 2],
      meta: { page: 1, perPage: 2, total: 3, totalPages: 2, hasPrev: false, hasNext: true },
    })
  })

  it('has the addresses of the pages around', () => {
    expect(page.links((number) => `/users?page=${number}`)).toEqual({
      self: '/users?page=2',
      first: '/users?page=1',
      prev: '/users?page=1',
      next: '/users?page=3',
      last: '/users?page=3',
    })
  })
})

describe('an empty list', () => {
  const page = pageOf(0)

  it('has no pages and no items', () => {
    expect(page).toMatchObject({ total: 0, totalPages: 0, hasPrev: false, hasNext: false, firstIndex: 0, lastIndex: 0, pages: [] })
    expect([...page]).toEqual([])
  })

  it('has a first page to link to all the same', () => {
    expect(page.links(String)).toEqual({ self: '1', first: '1', prev: null, next: null, last: '1' })
  })
})

describe('a page beyond the end', () => {
  it('is empty, and no error', () => {
    expect(pageOf(45, 9, 20)).toMatchObject({
      items: [],
      page: 9,
      totalPages: 3,
      hasPrev: true,
      hasNext: false,
      prevPageNumber: 8,
      firstIndex: 0,
      lastIndex: 0,
    })
  })
})

describe('the last page', () => {
  it('may be shorter', () => {
    expect(pageOf(45, 3, 20)).toMatchObject({ firstIndex: 41, lastIndex: 45, hasNext: false, nextPageNumber: 4 })
  })
})

describe('a list that was not counted', () => {
  it('knows only whether it goes on', () => {
    expect(uncounted(3, true)).toMatchObject({ total: null, totalPages: null, hasPrev: true, hasNext: true })
    expect(uncounted(3, false).hasNext).toBe(false)
    expect(uncounted(3).hasNext).toBe(false)
  })

  it('shows the pages as far as they are known', () => {
    expect(uncounted(3, true).pages).toEqual([1, 2, 3, 4])
    expect(uncounted(3, false).pages).toEqual([1, 2, 3])
    expect(uncounted(20, true).pages).toEqual([1, 2, null, 17, 18, 19, 20, 21])
  })

  it('has no last page to link to', () => {
    expect(uncounted(2, true).links(String)).toEqual({ self: '2', first: '1', prev: '1', next: '3', last: null })
  })

  it('says so in JSON', () => {
    expect(uncounted(1, true).toJSON().meta).toEqual({ page: 1, perPage: 1, total: null, totalPages: null, hasPrev: false, hasNext: true })
  })
})

it('leaves a null among the page numbers for a gap, with the edges that are asked for', () => {
  expect(pageOf(250, 10).iterPages({ leftEdge: 1, leftCurrent: 1, rightCurrent: 2, rightEdge: 1 })).toEqual([1, null, 9, 10, 11, null, 25])
})

it('gives every item once, in order, when one follows hasNext', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 1, max: 30 }), (total, perPage) => {
      const seen: number[] = []
      let page = pageOf(total, 1, perPage)
      for (;;) {
        expect([page.firstIndex, page.lastIndex]).toEqual([page.items[0] ?? 0, page.items.at(-1) ?? 0])
        seen.push(...page)
        if (!page.hasNext) break
        page = pageOf(total, page.nextPageNumber, perPage)
      }
      expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1))
      expect(page.page).toBe(Math.max(page.totalPages ?? 0, 1))
    }),
  )
})
