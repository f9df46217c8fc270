import { type ColumnType, refuse } from './column-type.js'
import { acceptText } from './string.js'

/** Whatever JSON can say; not recursive, since the types of TypeORM's `insert` and `update` would never end in it. @since 0.1 */
export type JsonValue = string | number | boolean | null | unknown[] | { [key: string]: unknown }

/** A JSON value; called with a shape, one of that shape. @since 0.2 */
export type JsonColumnType = ColumnType<JsonValue> & (<Shape>() => ColumnType<Shape>)

function shaped<Shape>(): ColumnType<Shape> {
  return {
    kind: 'json',
    typeName: 'JSONType',
    mutable: true,
    // A column of SQLite that is declared as JSON makes a number of a text of digits.
    storage: (database) => (database === 'sqlite' ? { type: 'text', transformer: jsonText } : { type: 'json' }),
    accept(value) {
      acceptJson(value)
      // The shape is the application's word: only what JSON cannot say is refused.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
      return value as Shape
    },
  }
}

const jsonText = {
  to: (value: unknown) => (value === null || value === undefined ? value : JSON.stringify(value)),
  from(value: unknown) {
    if (typeof value === 'string') return JSON.parse(value) as unknown
    // A table that was made with a column of JSON holds numbers as numbers.
    return typeof value === 'bigint' ? Number(value) : value
  },
}

/**
 * A JSON value, at most 31 levels deep; a change in place is seen by the next `save()`.
 *
 * @example
 * class Page extends db.Model('Page', { tags: db.Column(db.JSONType<string[]>()) }) {}
 */
export const JSONType: JsonColumnType = Object.assign(shaped, shaped<JsonValue>())

/** Levels of objects and lists that a value may have: MariaDB reads no more. */
const deepest = 31

/** @param path The objects that `value` is in. @throws {TypeError} JSON cannot say it, or not every database can keep it. */
function acceptJson(value: unknown, path = new Set<object>()): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') return void acceptText(value)
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value !== 'object') refuse('what JSON can say', value)
  if (path.has(value)) throw new TypeError('takes what JSON can say, and received a cycle')
  if (path.size >= deepest) throw new TypeError(`takes what JSON can say, nested at most ${deepest} levels deep`)
  path.add(value)
  if ('toJSON' in value && typeof value.toJSON === 'function') acceptJson(value.toJSON(), path)
  else {
    // JSON keeps nothing of a Map, a Set, a Promise or a RegExp.
    if (!Array.isArray(value) && Object.prototype.toString.call(value) !== '[object Object]') refuse('what JSON can say', value)
    for (const [key, each] of Object.entries(value)) {
      if (!Array.isArray(value)) acceptText(key)
      if (each !== undefined || Array.isArray(value)) acceptJson(each, path)
    }
  }
  path.delete(value)
}
