import { type ColumnType, refuse } from './column-type.js'

/** A time of day, `13:45:00`. */
export const Time: ColumnType<string> = {
  kind: 'time',
  typeName: 'Time',
  storage: () => ({ type: 'time' }),
  accept(value) {
    if (typeof value !== 'string' || !/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/.test(value)) {
      refuse('a time like 13:45:00', value)
    }
    return value.length === 5 ? `${value}:00` : value
  },
}
