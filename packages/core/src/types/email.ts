import type { ColumnType } from './column-type.js'
import { acceptText, String } from './string.js'

/**
 * An e-mail address in lower case, also in filters; its form is not checked. @param length 1 to 65,535. @default 255
 *
 * @example
 * class User extends db.Model('User', { email: db.Column(db.EmailType(), { unique: true }) }) {}
 */
export function EmailType(length = 255): ColumnType<string> {
  return {
    ...String(length),
    typeName: `EmailType(${length})`,
    // A letter may become two: İ.
    accept: (value) => acceptText(acceptText(value).toLowerCase(), length),
  }
}
