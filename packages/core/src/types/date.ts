import { DateTime } from 'luxon'
import { type ColumnType, refuse } from './column-type.js'
import { isMoment } from './date-time.js'

/** A day without a time, `2026-01-31`, from the year 1 to 9999; no time zone can move it. */
export const Date: ColumnType<string> = {
  kind: 'date',
  typeName: 'Date',
  storage: () => ({ type: 'date' }),
  accept(value) {
    const text = isMoment(value) ? value.toISODate() : value
    if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(text) || text < '0001' || !DateTime.fromISO(text).isValid) {
      refuse('a day like 2026-01-31, from the year 1 to 9999', value)
    }
    return text
  },
}
