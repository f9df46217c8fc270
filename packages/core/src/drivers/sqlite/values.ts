import { DateTime } from 'luxon'
import type { ColumnMetadata } from '../internals.js'

/** A parameter as better-sqlite3 takes it. */
export function bound(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Date) return datetimeText(value)
  if (DateTime.isDateTime(value)) return datetimeText(value.toJSDate())
  return value
}

/** Whether a column holds moments. */
export function isDatetime(column: ColumnMetadata): boolean {
  return column.type === 'datetime' || column.type === Date
}

/** Six digits after the second, as the Python original writes them, so that texts compare in the order of time. */
export function storedDatetime(text: string): string {
  return text.replace(/(\.\d{3})$/, '$1000')
}

/** `2026-01-01 10:00:00.123456` to `2026-01-01T10:00:00.123Z`: a stored text is UTC; one with a zone of its own stays. */
export function isoText(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(\.\d{1,3})?\d*$/, '$1T$2$3Z')
}

/** The first and the last millisecond whose year has four digits. */
const [earliest, latest] = [Date.UTC(1000, 0), Date.UTC(10_000, 0) - 1]

/** The last second that was written: most moments are of the present one. */
let second = Number.NaN
let textOfSecond = ''

/** A moment as it is stored; `undefined` of one whose year has not four digits. */
export function textOf(date: Date): string | undefined {
  const milliseconds = date.getTime()
  // Of an invalid date both are false.
  if (!(milliseconds >= earliest && milliseconds <= latest)) return undefined
  const whole = Math.floor(milliseconds / 1_000)
  if (whole !== second) {
    second = whole
    textOfSecond = new Date(whole * 1_000).toISOString().slice(0, 19).replace('T', ' ')
  }
  // The thousand before keeps the zeros in front.
  return `${textOfSecond}.${String(milliseconds - whole * 1_000 + 1_000).slice(1)}000`
}

function datetimeText(date: Date): string {
  return textOf(date) ?? date.toISOString().replace('T', ' ').replace('Z', '000')
}
