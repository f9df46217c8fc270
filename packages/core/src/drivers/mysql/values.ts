import { DateTime } from 'luxon'
import type { ObjectLiteral } from 'typeorm'
import { InvalidStatementError } from '../../errors.js'
import { millisecondsOf } from '../datetime-text.js'
import { type Row, type RowForm, StatementResult } from '../driver.js'
import type { NativeField, NativeFields } from './client.js'

/** Numbers of types of columns in the protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html */
export const types = {
  oldDecimal: 0,
  tinyint: 1,
  smallint: 2,
  int: 3,
  float: 4,
  double: 5,
  timestamp: 7,
  bigint: 8,
  mediumint: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  vector: 242,
  json: 245,
  decimal: 246,
  geometry: 255,
} as const

/** What mysql2 gives for a statement without rows. */
export interface Header {
  readonly affectedRows: number
  readonly serverStatus?: number
}

export function isHeader(raw: unknown): raw is Header {
  return typeof raw === 'object' && raw !== null && 'affectedRows' in raw && 'serverStatus' in raw
}

/**
 * A parameter as mysql2 takes it: mysql2 writes values into the text, and some of them would become something else there.
 *
 * @throws {InvalidStatementError} It is no number, no time, or an object without a text of its own.
 */
export function bound(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new InvalidStatementError(`one of its values is ${value}`)
  if (typeof value === 'function' || typeof value === 'symbol') throw new InvalidStatementError(`one of its values is a ${typeof value}`)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Array.isArray(value)) return value.map(bound)
  if (DateTime.isDateTime(value) && typeof value.toJSDate === 'function') return bound(value.toJSDate())
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new InvalidStatementError('one of its values is an invalid date')
    return value
  }
  // What the application has marked as SQL; JSON brings no functions.
  if ('toSqlString' in value && typeof value.toSqlString === 'function') return value
  const text: unknown = Reflect.get(value, 'toString')
  if (typeof text !== 'function' || text === Reflect.get(Object.prototype, 'toString')) {
    throw new InvalidStatementError('one of its values is an object')
  }
  return String(value)
}

/** A result as TypeORM knows it. */
export function resultOf(raw: unknown, fields: NativeFields, form: RowForm): StatementResult {
  const result = new StatementResult()
  result.raw = raw
  if (isHeader(raw)) result.affected = raw.affectedRows
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the form that was asked for
  else if (form === 'lists') result.lists = raw as Row[]
  else if (isRows(raw)) result.records = raw
  result.wholeNumbers = wholeNumbersOf(fields)
  return result
}

function wholeNumbersOf(fields: NativeFields): readonly string[] {
  const names: string[] = []
  for (const field of fields) if (isField(field) && isWhole(field)) names.push(field.name)
  return names
}

/** What is no header is a list of rows, or of lists of them. */
function isRows(raw: unknown): raw is ObjectLiteral[] {
  return Array.isArray(raw)
}

function isField(field: NativeFields[number]): field is NativeField {
  return field !== undefined && 'columnType' in field
}

/** A `bigint`, or a sum of whole numbers. */
function isWhole({ columnType, decimals }: NativeField): boolean {
  return columnType === types.bigint || (columnType === types.decimal && decimals === 0)
}

/** `2026-01-01 10:00:00.123456`, in UTC as every session is; a date of zeros is an invalid one. */
export function moment(text: string): Date {
  const milliseconds = millisecondsOf(text)
  if (milliseconds !== undefined) return new Date(milliseconds)
  return new Date(`${text.slice(0, 10)}T${text.slice(11)}Z`)
}

/** `13:45:00.120000` is `13:45:00.12`, as other databases write it. */
export function withoutZeros(text: string): string {
  return text.replace(/\.?0+$/, '')
}
