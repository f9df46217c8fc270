import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pageWindow, type WindowOptions } from '../src/pagination/page-window.js'

/** `1 2 · 4`: a point for a gap. */
function text(numbers: readonly (number | null)[]): string {
  return numbers.map((number) => number ?? '·').join(' ')
}

/** The Python original's rule, word for word: it looks at every page. */
function oracle(
  page: number,
  totalPages: number,
  { leftEdge = 2, leftCurrent = 3, rightCurrent = 4, rightEdge = 2 }: WindowOptions = {},
): (number | null)[] {
  const shown: (number | null)[] = []
  let last = 0
  for (let number = 1; number <= totalPages; number++) {
    const isNear = number >= page - leftCurrent && number < page + rightCurrent
    if (!isNear && number > leftEdge && number <= totalPages - rightEdge) continue
    if (last + 1 !== number) shown.push(null)
    shown.push(number)
    last = number
  }
  return shown
}

describe("the Python original's table", () => {
  it.each([
    [0, 1, ''],
    [1, 1, '1'],
    [6, 1, '1 2 3 4 5 6'],
    [6, 3, '1 2 3 4 5 6'],
    [6, 6, '1 2 3 4 5 6'],
    [7, 1, '1 2 3 4 · 6 7'],
    [7, 7, '1 2 · 4 5 6 7'],
    [11, 6, '1 2 3 4 5 6 7 8 9 10 11'],
    [11, 5, '1 2 3 4 5 6 7 8 · 10 11'],
    [12, 7, '1 2 · 4 5 6 7 8 9 10 11 12'],
    [13, 7, '1 2 · 4 5 6 7 8 9 10 · 12 13'],
    [25, 1, '1 2 3 4 · 24 25'],
    [25, 10, '1 2 · 7 8 9 10 11 12 13 · 24 25'],
    [25, 12, '1 2 · 9 10 11 12 13 14 15 · 24 25'],
    [25, 25, '1 2 · 22 23 24 25'],
    [25, 26, '1 2 · 23 24 25'],
  ])('of %d pages, on page %d: %s', (totalPages, page, shown) => {
    expect(text(pageWindow(page, totalPages))).toBe(shown)
  })

  it('has no gap up to 6 pages, at least one from 12, and never more than 13 entries', () => {
    for (let totalPages = 1; totalPages <= 60; totalPages++) {
      for (let page = 1; page <= totalPages; page++) {
        const shown = pageWindow(page, totalPages)
        const gaps = shown.filter((number) => number === null).length
        expect(gaps > 0 ? totalPages > 6 : totalPages < 12).toBe(true)
        expect(shown.length).toBeLessThanOrEqual(13)
      }
    }
  })
})

describe('the edges and the neighbourhood', () => {
  it.each<[string, WindowOptions, string]>([
    ['no edges', { leftEdge: 0, rightEdge: 0 }, '· 7 8 9 10 11 12 13'],
    ['no neighbours', { leftCurrent: 0, rightCurrent: 1 }, '1 2 · 10 · 24 25'],
    ['wide on the left', { leftCurrent: 100 }, '1 2 3 4 5 6 7 8 9 10 11 12 13 · 24 25'],
    ['wide on the right', { rightCurrent: 100 }, `1 2 · ${Array.from({ length: 19 }, (_, index) => index + 7).join(' ')}`],
    ['nothing at all', { leftEdge: 0, leftCurrent: 0, rightCurrent: 0, rightEdge: 0 }, ''],
  ])('%s', (_, options, shown) => {
    expect(text(pageWindow(10, 25, options))).toBe(shown)
  })
})

it("shows what the Python original's rule shows, on every page of every list", () => {
  for (let totalPages = 0; totalPages <= 40; totalPages++) {
    for (let page = 1; page <= totalPages; page++) expect(pageWindow(page, totalPages)).toEqual(oracle(page, totalPages))
  }
})

it("shows what the Python original's rule shows, for every window", () => {
  const size = fc.integer({ min: 0, max: 12 })
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: -5, max: 90 }),
      size,
      size,
      size,
      size,
      (totalPages, page, leftEdge, leftCurrent, rightCurrent, rightEdge) => {
        const options = { leftEdge, leftCurrent, rightCurrent, rightEdge }
        expect(pageWindow(page, totalPages, options)).toEqual(oracle(page, totalPages, options))
      },
    ),
    { numRuns: 2_000 },
  )
})

it('shows the whole right edge when the page is beyond the end', () => {
  expect(pageWindow(28, 25)).toEqual([1, 2, null, 24, 25])
})

it('shows a right edge that begins before the neighbourhood', () => {
  expect(pageWindow(25, 25, { rightEdge: 6 })).toEqual([1, 2, null, 20, 21, 22, 23, 24, 25])
})

it('works for as much as it shows, not for as many pages as there are', () => {
  expect(text(pageWindow(500_000_000, 999_999_999))).toBe(
    '1 2 · 499999997 499999998 499999999 500000000 500000001 500000002 500000003 · 999999998 999999999',
  )
})
