import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidCursorError, InvalidPageError } from '../src/errors.js'
import { type CursorOptions, cursorRequest, type PageOptions, pageRequest } from '../src/pagination/page-request.js'

it('is the first ten items, counted, unless something else is asked for', () => {
  expect(pageRequest()).toEqual({ page: 1, perPage: 10, count: true })
})

describe('page', () => {
  it.each<[unknown, number | 'last']>([
    [2, 2],
    ['2', 2],
    [' 2 ', 2],
    ['007', 7],
    ['first', 1],
    ['last', 'last'],
    [999_999_999, 999_999_999],
    [1e15, 999_999_999],
  ])('%o is page %s', (page, read) => {
    expect(pageRequest({ page }).page).toBe(read)
  })

  it.each([
    0,
    -3,
    2.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    'abc',
    '-1',
    '0',
    '1.5',
    '1e3',
    '0x10',
    '1_000',
    '١',
    '2;drop table user',
    '9'.repeat(10),
    '9'.repeat(400),
    'LAST',
    null,
    undefined,
    true,
    [],
    ['2'],
    {},
    { gt: 1 },
    2n,
    Symbol('2'),
    () => 2,
  ])('that is no number, as %o, is page 1', (page) => {
    expect(pageRequest({ page }).page).toBe(1)
  })
})

describe('perPage', () => {
  it.each<[unknown, number]>([
    [1, 1],
    ['1', 1],
    [25, 25],
    ['25', 25],
    [100, 100],
    [101, 100],
    ['1000000', 100],
    [1e300, 100],
  ])('%o is %d items, never more than 100', (perPage, read) => {
    expect(pageRequest({ perPage }).perPage).toBe(read)
  })

  it.each(['', '0', '-5', 'many', '2.5', ['5'], {}, null, undefined, true])(
    'of a client that is no number, as %o, is the default',
    (perPage) => {
      expect(pageRequest({ perPage }).perPage).toBe(10)
    },
  )

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('of the application that is wrong, as %d, is an error', (perPage) => {
    expect(() => pageRequest({ perPage })).toThrow(InvalidPageError)
    expect(() => pageRequest({ perPage })).toThrow('The option perPage')
  })
})

describe('maxPerPage', () => {
  it('bounds what anybody asks for', () => {
    expect(pageRequest({ perPage: 500, maxPerPage: 200 }).perPage).toBe(200)
    expect(pageRequest({ perPage: '500', maxPerPage: 1_000 }).perPage).toBe(500)
  })

  it('bounds the default as well', () => {
    expect(pageRequest({ maxPerPage: 5 }).perPage).toBe(5)
    expect(pageRequest({ maxPerPage: 1 }).perPage).toBe(1)
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5'])('that is wrong, as %o, is an error', (maxPerPage) => {
    expect(() => pageRequest({ maxPerPage } as PageOptions)).toThrow('The option maxPerPage')
  })
})

describe('offset and limit', () => {
  it.each<[object, object]>([
    [{ offset: 0 }, { offset: 0, perPage: 10, page: 1 }],
    [{ limit: 5 }, { offset: 0, perPage: 5, page: 1 }],
    [
      { offset: 40, limit: 20 },
      { offset: 40, perPage: 20, page: 3 },
    ],
    [
      { offset: '7', limit: '5' },
      { offset: 7, perPage: 5, page: 2 },
    ],
    [
      { offset: 0, limit: '5000' },
      { offset: 0, perPage: 100, page: 1 },
    ],
    [
      { offset: 'x', limit: 'y' },
      { offset: 0, perPage: 10, page: 1 },
    ],
    [
      { offset: '-1', limit: '0' },
      { offset: 0, perPage: 10, page: 1 },
    ],
    [
      { offset: 3, limit: 50, maxPerPage: 8 },
      { offset: 3, perPage: 8, page: 1 },
    ],
    [
      { offset: 1e15, limit: 1 },
      { offset: 999_999_999, perPage: 1, page: 1_000_000_000 },
    ],
  ])('%o are %o', (options, read) => {
    expect(pageRequest(options)).toEqual({ ...read, count: true })
  })

  it.each([{ offset: -1 }, { offset: 1.5 }, { limit: 0 }, { offset: 0, page: 1 }, { limit: 5, perPage: 5 }, { offset: '1', page: '2' }])(
    'that are wrong, as %o, are an error',
    (options) => expect(() => pageRequest(options as PageOptions)).toThrow(InvalidPageError),
  )
})

describe('a page between cursors', () => {
  it.each<[object | undefined, object]>([
    [undefined, { size: 20, cursor: undefined, backwards: false }],
    [
      { first: '5', after: 'x' },
      { size: 5, cursor: 'x', backwards: false },
    ],
    [
      { last: 5, before: 'x' },
      { size: 5, cursor: 'x', backwards: true },
    ],
    [{ before: 'x' }, { size: 20, cursor: 'x', backwards: true }],
    [{ last: 3 }, { size: 3, cursor: undefined, backwards: true }],
    [
      { first: 3, after: '', before: '' },
      { size: 3, cursor: undefined, backwards: false },
    ],
  ])('%o is %o', (options, read) => {
    expect(cursorRequest(options)).toEqual(read)
  })

  it.each([{ first: 1, last: 1 }, { after: 'x', before: 'y' }, { first: 1, before: 'y' }, { first: 0 }, { last: -1 }, { frist: 1 }])(
    'that is wrong, as %o, is an error',
    (options) => expect(() => cursorRequest(options as CursorOptions)).toThrow(InvalidPageError),
  )

  it.each([7, true, ['x'], {}])('begins at no %o', (after) => {
    expect(() => cursorRequest({ after })).toThrow(InvalidCursorError)
  })
})

it('counts unless it is told not to', () => {
  expect(pageRequest({ count: false }).count).toBe(false)
})

it('gives an offset that is exact, whatever a client sends', () => {
  fc.assert(
    fc.property(fc.anything(), fc.oneof(fc.string(), fc.constant(undefined), fc.nat().map(String)), (page, perPage) => {
      const read = pageRequest({ page, perPage })
      const number = read.page === 'last' ? 1 : read.page
      expect(Number.isInteger(number) && number >= 1).toBe(true)
      expect(read.perPage >= 1 && read.perPage <= 100).toBe(true)
      expect(Number.isSafeInteger((number - 1) * read.perPage)).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})
