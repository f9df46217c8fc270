import { DateTime } from 'luxon'
import { millisecondsOf } from '../datetime-text.js'
import { InvalidStatementError } from '../../errors.js'
import { type Row, type RowForm, StatementResult } from '../driver.js'
import type { NativePackage } from './client.js'
import type { NativeField, NativeResult, TypeParser } from './exchange.js'

/** Oids of types, of which pg reads days and times in the process's time zone. */
const oids = { bigint: 20, date: 1082, numeric: 1700, timestamp: 1114, timestamptz: 1184 } as const
const elementOids: Readonly<Record<number, number>> = { 1115: oids.timestamp, 1182: oids.date }

/**
 * What values of a type become; never set for pg as a whole, which others use too.
 *
 * @param hasLocalTimes A time without a zone is local time.
 */
export function typeParser(native: NativePackage, oid: number, format: string | undefined, hasLocalTimes: boolean): TypeParser {
  const { types } = native
  if (format === 'binary') return types.getTypeParser(oid, format)
  // A day has no zone that could move it.
  if (oid === oids.date) return (text) => text
  if (oid === oids.timestamptz || (oid === oids.timestamp && !hasLocalTimes)) {
    const general = types.getTypeParser(oids.timestamptz)
    // Without a zone it is UTC, as the Python original writes it; pg takes it for local time.
    const zoned = (text: string): string => (oid === oids.timestamp ? text.replace(/^(\d.*?)( BC)?$/, '$1+00$2') : text)
    return (text) => {
      const milliseconds = millisecondsOf(text)
      return milliseconds === undefined ? general(zoned(text)) : new Date(milliseconds)
    }
  }
  const elementOid = elementOids[oid]
  if (elementOid === undefined) return types.getTypeParser(oid, format)
  const element = typeParser(native, elementOid, format, hasLocalTimes)
  return (text) => types.arrayParser.create(text, element).parse()
}

/**
 * A parameter as pg takes it: texts in UTC, of which a `timestamp without time zone` drops the zone that pg would write; or local
 * times, as pg writes them.
 *
 * @throws {InvalidStatementError} It is a time that is none.
 */
export function bound(value: unknown, hasLocalTimes: boolean): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return boundList(value, hasLocalTimes)
  const date = DateTime.isDateTime(value) && typeof value.toJSDate === 'function' ? value.toJSDate() : value
  if (!(date instanceof Date)) return value
  if (Number.isNaN(date.getTime())) throw new InvalidStatementError('one of its values is an invalid date')
  return hasLocalTimes ? date : date.toISOString()
}

/** Rows that are written together have one moment, which is worded once. */
function boundList(list: readonly unknown[], hasLocalTimes: boolean): unknown[] {
  let last: unknown
  let lastBound: unknown
  return list.map((each) => {
    if (each !== last) lastBound = bound((last = each), hasLocalTimes)
    return lastBound
  })
}

/** A result as TypeORM knows it. */
export function resultOf({ command, rows, rowCount, fields }: NativeResult, form: RowForm): StatementResult {
  const result = new StatementResult()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the form that was asked for
  if (form === 'lists') result.lists = rows as unknown as Row[]
  else result.records = rows
  if (rowCount !== null) result.affected = rowCount
  result.raw = command === 'UPDATE' || command === 'DELETE' ? [rows, rowCount] : rows
  result.wholeNumbers = fields.filter(isWhole).map(({ name }) => name)
  return result
}

/** A `bigint`, or a sum of them; a `numeric` with a scale is none, whatever its value. */
function isWhole({ dataTypeID, dataTypeModifier }: NativeField): boolean {
  return dataTypeID === oids.bigint || (dataTypeID === oids.numeric && dataTypeModifier === -1)
}
