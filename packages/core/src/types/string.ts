import { InvalidOptionError } from '../errors.js'
import { type ColumnType, refuse } from './column-type.js'

/** A text of a limited length. */
export type StringType = ColumnType<string> & ((length?: number) => ColumnType<string>)

function sized(length = 255): ColumnType<string> {
  if (!Number.isInteger(length) || length < 1 || length > 65_535) {
    throw new InvalidOptionError('String(length)', 'a whole number of characters from 1 to 65535', length)
  }
  return {
    kind: 'string',
    typeName: `String(${length})`,
    storage: () => ({ type: 'varchar', length }),
    accept: (value) => acceptText(value, length),
  }
}

/**
 * Text of at most `length` characters. @param length 1 to 65,535. @default 255
 *
 * @example
 * class Tag extends db.Model('Tag', { name: db.Column(db.String(25)) }) {}
 */
export const String: StringType = Object.assign(sized, sized())

/** NUL, which PostgreSQL cannot keep, and halves of a character, which no database can. */
const unstorable = /[\0\p{Surrogate}]/u

/** Checks a text: a string that every database can keep, of at most `length` characters. */
export function acceptText(value: unknown, length = Number.POSITIVE_INFINITY): string {
  if (typeof value !== 'string') refuse('a string', value)
  if (unstorable.test(value)) throw new TypeError('takes a string without NUL characters and halves of surrogate pairs')
  // Code points, as databases count; the loop runs only for texts that might be too long.
  if (value.length > length && Array.from(value).length > length) refuse(`a string of at most ${length} characters`, value)
  return value
}
