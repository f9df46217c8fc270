import { InvalidOptionError, InvalidPageError } from '../errors.js'
import { anything, flag, type Given, type Option, readOptions, wholeNumber } from '../options.js'

/** Which page is asked for; values may come straight from a query string. @since 0.1 */
export interface PageOptions {
  /** Page, from 1; `'first'` and `'last'` are understood. Anything else is page 1. @default 1 */
  readonly page?: unknown
  /** Items on a page, 1 to `maxPerPage`; a text that is no number gives the default. @default 10 */
  readonly perPage?: unknown
  /** The most items that a page may have, whoever asks. @default 100 */
  readonly maxPerPage?: number
  /** Whether to count all items, which takes a statement of its own. @default true */
  readonly count?: boolean
}

/** What `PageOptions` come to. */
export interface PageRequest {
  readonly page: number | 'last'
  readonly perPage: number
  readonly count: boolean
}

const defaultPerPage = 10
const defaultMaxPerPage = 100
/** Nine digits: every offset stays far below 2^53, where numbers stop being exact. */
const largest = 999_999_999

/** A number that is none is the application's mistake; a text, a client's. */
const size: Option<unknown> = {
  takes: 'a whole number from 1',
  accepts: (value): value is unknown => typeof value !== 'number' || isPositive(value),
}

const known = { page: anything, perPage: size, maxPerPage: wholeNumber(1), count: flag }

/**
 * Reads page options, of which clients may have sent any.
 *
 * @throws {InvalidPageError} An option is unknown or has a value that it cannot have: a number below 1 for `perPage`.
 */
export function pageRequest(options?: PageOptions | null): PageRequest {
  const { maxPerPage = defaultMaxPerPage, page, perPage, count = true } = read(options)
  const most = Math.min(positive(perPage) ?? defaultPerPage, maxPerPage)
  return { page: page === 'last' ? 'last' : (positive(page) ?? 1), perPage: most, count }
}

/** A whole query string may have been given: what is wrong in it is the client's fault. */
function read(options: unknown): Given<typeof known> {
  try {
    return readOptions(known, options ?? undefined, 'paginate()')
  } catch (error) {
    throw error instanceof InvalidOptionError ? new InvalidPageError(error.message) : error
  }
}

function isPositive(value: number): boolean {
  return Number.isInteger(value) && value >= 1
}

function positive(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : value
  return typeof number === 'number' && isPositive(number) ? Math.min(number, largest) : undefined
}
