import { DateTime } from 'luxon'
import { type ColumnType, refuse } from './column-type.js'

/** A day without a time, `2026-01-31`; no time zone can move it. */
export const Date: ColumnType<string> = {
  kind: 'date',
  typeName: 'Date',
  storage: () => ({ type: 'date' }),
  accept(value) {
    if (DateTime.isDateTime(value) && value.isValid) return value.toISODate()
    if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value) || !DateTime.fromISO(value).isValid) {
      refuse('a day like 2026-01-31', value)
    }
    return value
  },
}
