import { type ColumnType, refuse } from './column-type.js'

/** Whatever JSON can say; not recursive, since the types of TypeORM's `insert` and `update` would never end in it. */
export type JsonValue = string | number | boolean | null | unknown[] | { [key: string]: unknown }

/** A JSON value; called with a shape, one of that shape. */
export type JsonColumnType = ColumnType<JsonValue> & (<Shape>() => ColumnType<Shape>)

function shaped<Shape>(): ColumnType<Shape> {
  return {
    kind: 'json',
    typeName: 'JSONType',
    mutable: true,
    storage: () => ({ type: 'json' }),
    accept(value) {
      refuseForeign(value, new Set())
      // The shape is the application's word: only what JSON cannot say is refused.
      return value as Shape
    },
  }
}

/**
 * A JSON value; a change in place is seen by the next `save()`.
 *
 * @example
 * class Page extends db.Model('Page', { tags: db.Column(db.JSONType<string[]>()) }) {}
 */
export const JSONType: JsonColumnType = Object.assign(shaped, shaped<JsonValue>())

/** Levels that a value may have; far more than documents need, far fewer than end the stack of `JSON.stringify`. */
const deepest = 1_000

/** @param path The objects that `value` is in. */
function refuseForeign(value: unknown, path: Set<object>): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value !== 'object') refuse('what JSON can say', value)
  if (path.has(value)) throw new TypeError('takes what JSON can say, and received a cycle')
  if (path.size >= deepest) throw new TypeError(`takes what JSON can say, nested at most ${deepest} levels deep`)
  if ('toJSON' in value && typeof value.toJSON === 'function') return
  // JSON keeps nothing of a Map, a Set, a Promise or a RegExp.
  if (!Array.isArray(value) && Object.prototype.toString.call(value) !== '[object Object]') refuse('what JSON can say', value)
  path.add(value)
  for (const each of Array.isArray(value) ? value : Object.values(value)) {
    if (each !== undefined || Array.isArray(value)) refuseForeign(each, path)
  }
  path.delete(value)
}
