import { InvalidStatementError } from '../../errors.js'
import type { NativeConnection } from './client.js'
import { listPlaces } from './statements.js'

/**
 * Refuses values that would change a statement, or cost the connection.
 *
 * @param most Bytes that the server takes at once.
 * @throws {InvalidStatementError}
 */
export function refuseValues(sql: string, values: readonly unknown[], native: NativeConnection, most: number): void {
  refuseLists(sql, values)
  // Quoting a character makes up to six bytes of it; what is short is not counted.
  if (sizeOf(sql, values) * 6 < most) return
  const bytes = Buffer.byteLength(native.format(sql, values))
  if (bytes < most) return
  throw new InvalidStatementError(`it has ${bytes} bytes, and the server takes ${most} (max_allowed_packet)`)
}

/**
 * Lists change the text of a statement: they stand where the text means one.
 *
 * @throws {InvalidStatementError} A list is bound elsewhere than by `IN (?)`, and a list of rows elsewhere than by `VALUES ?` or `IN ?`.
 */
export function refuseLists(sql: string, values: readonly unknown[]): void {
  if (!values.some(Array.isArray)) return
  const places = listPlaces(sql)
  values.forEach((value, index) => {
    if (!Array.isArray(value)) return
    const rows = value.filter(Array.isArray)
    const isFit =
      places[index] === 'rows'
        ? rows.length > 0 && rows.length === value.length && !rows.flat().some(Array.isArray)
        : places[index] === 'list' && rows.length === 0 && value.length > 0
    if (!isFit) throw new InvalidStatementError('one of its values is a list, which only IN (?) takes')
  })
}

/** About how many characters a statement has with its values. */
function sizeOf(sql: string, values: readonly unknown[]): number {
  let size = sql.length
  for (const value of values) {
    if (typeof value === 'string') size += value.length
    else if (ArrayBuffer.isView(value)) size += value.byteLength
    else if (Array.isArray(value)) size += sizeOf('', value)
  }
  return size
}
