import { DateTime as Luxon } from 'luxon'
import { type ColumnType, refuse } from './column-type.js'

/** A moment: a Luxon `DateTime` in UTC, to the millisecond. */
export const DateTime: ColumnType<Luxon> = {
  kind: 'datetime',
  typeName: 'DateTime',
  storage: (database) => ({
    ...(database === 'sqlite' ? { type: 'datetime' } : { type: database === 'postgres' ? 'timestamptz' : 'datetime', precision: 3 }),
    transformer: {
      // TypeORM hands back what it was given before, so a Date comes here as well.
      to: (value: unknown) => (Luxon.isDateTime(value) ? value.toJSDate() : value),
      from: (value: unknown) => (value instanceof globalThis.Date ? Luxon.fromJSDate(value, { zone: 'utc' }) : value),
    },
  }),
  accept(value) {
    const moment = momentOf(value)
    if (!moment?.isValid) refuse('a moment (a Luxon DateTime, a Date, or ISO 8601 text)', value)
    return moment.toUTC()
  },
  toJSON: (value) => value.toUTC().toISO(),
}

function momentOf(value: unknown): Luxon | undefined {
  if (Luxon.isDateTime(value)) return value
  if (value instanceof globalThis.Date) return Luxon.fromJSDate(value, { zone: 'utc' })
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d/.test(value)) return Luxon.fromISO(value, { zone: 'utc' })
  return undefined
}
