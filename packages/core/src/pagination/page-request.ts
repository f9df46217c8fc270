import { InvalidCursorError, InvalidOptionError, InvalidPageError } from '../errors.js'
import { anything, flag, type Given, type Option, type Options, readOptions, wholeNumber } from '../options.js'

/** Which page is asked for; values may come straight from a query string. @since 0.1 */
export type PageOptions = (NumberedPage | OffsetPage) & {
  /** The most items that a page may have, whoever asks. @default 100 */
  readonly maxPerPage?: number
  /** Whether to count all items, which takes a statement of its own. @default true */
  readonly count?: boolean
}

/** A page by its number. */
interface NumberedPage {
  /** Page, from 1; `'first'` and `'last'` are understood. Anything else is page 1. @default 1 */
  readonly page?: unknown
  /** Items on a page, 1 to `maxPerPage`; a text that is no number gives the default. @default 10 */
  readonly perPage?: unknown
  readonly offset?: undefined
  readonly limit?: undefined
}

/** A page by what stands before it, for interfaces that speak so. */
interface OffsetPage {
  /** Items to pass over, from 0; a text that is no number passes over none. @default 0 */
  readonly offset?: unknown
  /** Items on a page, 1 to `maxPerPage`; a text that is no number gives the default. @default 10 */
  readonly limit?: unknown
  readonly page?: undefined
  readonly perPage?: undefined
}

/** Which part of a list is asked for by a cursor; values may come straight from a query string. @since 0.2 */
export type CursorOptions = (FirstItems | LastItems) & {
  /** The most items that a page may have, whoever asks. @default 100 */
  readonly maxPerPage?: number
}

/** The first items, after a cursor. */
interface FirstItems {
  /** How many items, 1 to `maxPerPage`; a text that is no number gives the default. @default 20 */
  readonly first?: unknown
  /** `endCursor` of the page before; nothing, `null` and `''` are the start. */
  readonly after?: unknown
  readonly last?: undefined
  readonly before?: undefined
}

/** The last items, before a cursor. */
interface LastItems {
  /** How many items, 1 to `maxPerPage`; a text that is no number gives the default. @default 20 */
  readonly last?: unknown
  /** `startCursor` of the page after; nothing, `null` and `''` are the end. */
  readonly before?: unknown
  readonly first?: undefined
  readonly after?: undefined
}

/** What `PageOptions` come to. */
export interface PageRequest {
  readonly page: number | 'last'
  readonly perPage: number
  readonly count: boolean
  /** Items before the page. @default those of the pages before */
  readonly offset?: number
}

/** What `CursorOptions` come to. */
export interface CursorRequest {
  readonly size: number
  /** Where the page begins, or where it ends if it is read backwards; `undefined` at the end that is read from. */
  readonly cursor: string | undefined
  readonly backwards: boolean
}

const defaultPerPage = 10
const defaultFirst = 20
const defaultMaxPerPage = 100
/** Nine digits: every offset stays far below 2^53, where numbers stop being exact. */
const largest = 999_999_999

/** A number that is none is the application's mistake; a text, a client's. */
const size = countFrom(1)

function countFrom(smallest: number): Option<unknown> {
  return {
    takes: `a whole number from ${smallest}`,
    accepts: (value): value is unknown => typeof value !== 'number' || isCount(value, smallest),
  }
}

const maxPerPageOption = wholeNumber(1)
const pageKnown = { page: anything, perPage: size, offset: countFrom(0), limit: size, maxPerPage: maxPerPageOption, count: flag }
const cursorKnown = { first: size, after: anything, last: size, before: anything, maxPerPage: maxPerPageOption }

/**
 * Reads page options, of which clients may have sent any.
 *
 * @throws {InvalidPageError} An option is unknown or has a value that it cannot have: a number below 1 for `perPage`.
 */
export function pageRequest(options?: PageOptions | null): PageRequest {
  const { maxPerPage = defaultMaxPerPage, page, perPage, offset, limit, count = true } = read(pageKnown, options, 'paginate()')
  if (offset === undefined && limit === undefined) {
    const most = Math.min(counted(perPage, 1) ?? defaultPerPage, maxPerPage)
    return { page: page === 'last' ? 'last' : (counted(page, 1) ?? 1), perPage: most, count }
  }
  if (page !== undefined || perPage !== undefined) throw new InvalidPageError('Give page and perPage, or offset and limit: not of both.')
  const most = Math.min(counted(limit, 1) ?? defaultPerPage, maxPerPage)
  const skipped = counted(offset, 0) ?? 0
  return { page: pageAt(skipped, most), perPage: most, count, offset: skipped }
}

/** The page on which an item stands. */
export function pageAt(offset: number, perPage: number): number {
  return Math.floor(offset / perPage) + 1
}

/**
 * Reads options of a page between cursors, of which clients may have sent any.
 *
 * @throws {InvalidPageError} An option is unknown or has a value that it cannot have, or both ends are asked for.
 * @throws {InvalidCursorError} A cursor is no text.
 */
export function cursorRequest(options?: CursorOptions | null): CursorRequest {
  const given = read(cursorKnown, options, 'paginateByCursor()')
  const { maxPerPage = defaultMaxPerPage, first, last } = given
  const [after, before] = [cursorOf(given.after), cursorOf(given.before)]
  const backwards = (last ?? before) !== undefined
  if (backwards && (first ?? after) !== undefined) throw new InvalidPageError('Give first and after, or last and before: not of both.')
  const count = counted(backwards ? last : first, 1) ?? defaultFirst
  return { size: Math.min(count, maxPerPage), cursor: backwards ? before : after, backwards }
}

/** An empty one is the start, as a form sends it, and as a page without items has it. */
export function cursorOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string') return value
  throw new InvalidCursorError('it is no text')
}

/** A whole query string may have been given: what is wrong in it is the client's fault. */
function read<const Known extends Options>(known: Known, options: unknown, what: string): Given<Known> {
  try {
    return readOptions(known, options ?? undefined, what)
  } catch (error) {
    throw error instanceof InvalidOptionError ? new InvalidPageError(error.message) : error
  }
}

function isCount(value: number, smallest: number): boolean {
  return Number.isInteger(value) && value >= smallest
}

function counted(value: unknown, smallest: number): number | undefined {
  const number = typeof value === 'string' && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : value
  return typeof number === 'number' && isCount(number, smallest) ? Math.min(number, largest) : undefined
}
