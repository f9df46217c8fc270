import { InvalidOptionError } from '../errors.js'
import { type ColumnType, refuse } from './column-type.js'
import { Text } from './text.js'

/**
 * A list of texts, or of other single values, kept as one text with a separator between them; a change in place is seen.
 *
 * A list is found by its whole, `filter({ tags: ['a', 'b'] })`, and sorts as its text. Where it is searched by its items, they are
 * better records of their own.
 *
 * @param inner Type of the items. @default db.Text
 * @param separator What stands between them, and in none of them. @default ','
 * @throws {InvalidOptionError} The separator is empty, or the items are of a type that is no text, number, date or UUID.
 * @since 0.2
 * @example
 * class Post extends db.Model('Post', { tags: db.Column(db.ScalarListType(), { default: [] }), scores: db.Column(db.ScalarListType(db.Integer, ';')) }) {}
 */
export function ScalarListType(inner?: undefined, separator?: string): ColumnType<string[], readonly string[]>
export function ScalarListType<T, Also>(inner: ColumnType<T, Also>, separator?: string): ColumnType<T[], readonly (T | Also)[]>
export function ScalarListType(inner: ColumnType<unknown> = Text, separator = ','): ColumnType<unknown[], readonly unknown[]> {
  if (typeof separator !== 'string' || separator === '') throw new InvalidOptionError('ScalarListType(separator)', 'a text', separator)
  const read = readers[inner.kind]
  if (!read || inner.shape !== undefined || inner.opaque) {
    throw new InvalidOptionError(
      `The items of ScalarListType() are of ${inner.typeName}. It takes texts, numbers, truth values, days and UUIDs.`,
    )
  }
  const textOf = (items: readonly unknown[]): string => items.map(String).join(separator)
  return {
    kind: 'string',
    typeName: `ScalarListType(${inner.typeName})`,
    mutable: true,
    shape: 'list',
    storage: (database) => ({
      type: Text.storage(database).type,
      transformer: {
        to: (value: unknown) => (Array.isArray(value) ? textOf(value) : value),
        from: (value: unknown) => (typeof value === 'string' ? (value === '' ? [] : value.split(separator).map(read)) : value),
      },
    }),
    accept(value) {
      if (!Array.isArray(value)) refuse('a list', value)
      const items = value.map((each: unknown) => inner.accept(each))
      if (items.some((each) => String(each).includes(separator)))
        throw new TypeError(`takes no items with ${JSON.stringify(separator)} in them`)
      // It would be read as a list without any.
      if (items.length === 1 && items[0] === '') throw new TypeError('takes no list of one empty text alone')
      return items
    },
    jsonSchema: { type: 'array' },
    ...(inner.toJSON ? { toJSON: (items: unknown[]) => items.map((each) => inner.toJSON?.(each)) } : {}),
  }
}

/** Items of their text, by kind. */
const readers: Partial<Record<ColumnType<unknown>['kind'], (text: string) => unknown>> = {
  string: String,
  uuid: String,
  decimal: String,
  date: String,
  time: String,
  integer: Number,
  number: Number,
  bigint: BigInt,
  boolean: (text) => text === 'true',
}
