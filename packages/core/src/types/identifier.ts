import type { ColumnKind, ColumnType } from './column-type.js'
import { usualUUID } from './uuid.js'

/**
 * Reads the key of a column as it may come from a URL, in the form that the column keeps (an address in lower case).
 *
 * @returns The key, or `undefined` when no row can have it.
 * @throws {TypeError} It is no scalar at all, so that a client sent something else than a key.
 */
export function readKey(type: ColumnType<unknown>, value: unknown): unknown {
  // An integer of SQLite has 64 bits.
  const isLong = type.kind === 'integer' && (type.range?.largest ?? 0n) >= 2n ** 31n
  const key = readIdentifier(isLong ? 'bigint' : type.kind, value)
  try {
    return key === undefined ? undefined : type.accept(key)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/**
 * Reads a key as it may come from a URL: a scalar of the column's kind, for numbers also their digits.
 *
 * @returns The key, or `undefined` when no row can have it.
 * @throws {TypeError} It is no scalar at all, so that a client sent something else than a key.
 */
export function readIdentifier(kind: ColumnKind, value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') {
    throw new TypeError('A key is a string or a number')
  }
  switch (kind) {
    case 'integer':
      return wholeNumber(value)
    case 'bigint':
      return longNumber(value)
    case 'uuid':
      return typeof value === 'string' ? usualUUID(value) : undefined
    case 'string':
      return typeof value === 'string' && !value.includes('\0') ? value : undefined
    case 'number':
      return typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value
    default:
      return value
  }
}

function wholeNumber(value: string | number | bigint): number | undefined {
  if (typeof value === 'string' && !/^-?\d{1,16}$/.test(value)) return undefined
  const number = Number(value)
  // Minus zero is zero.
  return Number.isInteger(number) && number >= -(2 ** 31) && number < 2 ** 31 ? number || 0 : undefined
}

function longNumber(value: string | number | bigint): bigint | undefined {
  const isWhole = typeof value === 'string' ? /^-?\d{1,19}$/.test(value) : typeof value === 'bigint' || Number.isSafeInteger(value)
  if (!isWhole) return undefined
  const number = BigInt(value)
  return number >= -(2n ** 63n) && number < 2n ** 63n ? number : undefined
}
