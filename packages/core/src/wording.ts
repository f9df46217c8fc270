import { inspect } from 'node:util'

/** The kind of a value, as it stands in a sentence; never a text, which may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'string') return `a string of ${value.length} ${value.length === 1 ? 'character' : 'characters'}`
  if (typeof value === 'number') return Number.isFinite(value) ? `the number ${value}` : 'a number that is not finite'
  if (typeof value === 'object') return `an object${classOf(value)}`
  return `a ${typeof value}`
}

/** A key, which a client may have sent: of any length, and an object whose `toString` is no function. */
export function keyText(id: unknown): string {
  return typeof id === 'object' ? shown(id) : briefly(String(id))
}

/** A name or key, which a client may have sent in any length. */
export function briefly(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** Its class, by the prototype: a client may have sent a key `constructor`. */
function classOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype || typeof prototype !== 'object') return ''
  const { constructor } = prototype
  return typeof constructor === 'function' && constructor.name ? ` of ${constructor.name}` : ''
}

/** A value as it is printed, in short. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 60, breakLength: Number.POSITIVE_INFINITY })
}
