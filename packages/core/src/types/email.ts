import { flag, readOptions } from '../options.js'
import { type ColumnType, refuse } from './column-type.js'
import { acceptText, String } from './string.js'

/** How addresses are checked. */
export interface EmailOptions {
  /** Whether a text must look like an address. @default true */
  readonly check?: boolean
}

/** As browsers check `<input type=email>`, with the letters of all languages. */
const address =
  /^[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,62})(?:\.[\p{L}\p{N}][\p{L}\p{M}\p{N}-]{0,62})*$/u

/**
 * An e-mail address in lower case, also in filters. It must look like one: whether it reaches anybody only a message tells.
 *
 * @param length 1 to 65,535. @default 255
 * @param options `{ check: false }` takes any text, for a table that holds others.
 * @throws {InvalidOptionError} The length is another, or an option is unknown.
 * @example
 * class User extends db.Model('User', { email: db.Column(db.EmailType(), { unique: true }) }) {}
 */
export function EmailType(length = 255, options?: EmailOptions): ColumnType<string> {
  const { check = true } = readOptions({ check: flag }, options, 'EmailType()')
  return {
    ...String(length),
    typeName: `EmailType(${length})`,
    ...(check ? { jsonSchema: { type: 'string', format: 'email', maxLength: length } } : {}),
    accept(value) {
      // A letter may become two: İ.
      const text = acceptText(acceptText(value).toLowerCase(), length)
      if (check && !address.test(text)) refuse('an e-mail address', value)
      return text
    },
  }
}
