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
      refuseForeign(value, [])
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

function refuseForeign(value: unknown, path: readonly unknown[]): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value !== 'object') refuse('what JSON can say', value)
  if (path.includes(value)) throw new TypeError('takes what JSON can say, and received a cycle')
  if ('toJSON' in value && typeof value.toJSON === 'function') return
  for (const each of Array.isArray(value) ? value : Object.values(value)) {
    if (each !== undefined || Array.isArray(value)) refuseForeign(each, [...path, value])
  }
}
