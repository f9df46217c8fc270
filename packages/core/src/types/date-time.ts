import { DateTime as Luxon } from 'luxon'
import { momentAt } from '../moment.js'
import { type ColumnType, refuse } from './column-type.js'

/** A moment: a Luxon `DateTime` in UTC, to the millisecond, from the year 1 to 9999. A `Date` and ISO 8601 text are accepted. */
export const DateTime: ColumnType<Luxon, globalThis.Date | string> = {
  kind: 'datetime',
  typeName: 'DateTime',
  storage: (database) => ({
    ...(database === 'sqlite' ? { type: 'datetime' } : { type: database === 'postgres' ? 'timestamptz' : 'datetime', precision: 3 }),
    transformer: {
      // TypeORM hands back what it was given before, so a Date comes here as well.
      to: (value: unknown) => (isMoment(value) ? value.toJSDate() : value),
      from: (value: unknown) => (value instanceof globalThis.Date ? fromDate(value) : value),
    },
  }),
  accept: acceptMoment,
  // The same text as Luxon's, without its calendar.
  toJSON: (value) => (value.isValid ? new globalThis.Date(value.toMillis()).toISOString() : null),
}

/** A date of the database client; one that is none stays an invalid moment. */
function fromDate(date: globalThis.Date): Luxon {
  const milliseconds = date.getTime()
  return Number.isNaN(milliseconds) ? Luxon.fromJSDate(date, { zone: 'utc' }) : momentAt(milliseconds)
}

/** A moment in UTC. @throws {TypeError} It is none, or of a year that not every database has. */
export function acceptMoment(value: unknown): Luxon {
  const moment = momentOf(value)
  if (!moment?.isValid) refuse('a moment (a Luxon DateTime, a Date, or ISO 8601 text)', value)
  const utc = moment.toUTC()
  if (utc.year < 1 || utc.year > 9999) throw new TypeError('takes a moment from the year 1 to 9999 (UTC)')
  return utc
}

/** Whether `value` is a Luxon `DateTime`, of whichever copy of Luxon; what came as JSON never is. */
export function isMoment(value: unknown): value is Luxon {
  return Luxon.isDateTime(value) && typeof value.toJSDate === 'function'
}

function momentOf(value: unknown): Luxon | undefined {
  if (isMoment(value)) return value
  if (value instanceof globalThis.Date) return Luxon.fromJSDate(value, { zone: 'utc' })
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d/.test(value)) return Luxon.fromISO(value, { zone: 'utc' })
  return undefined
}
