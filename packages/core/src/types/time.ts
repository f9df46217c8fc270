import { type ColumnType, refuse } from './column-type.js'

/** A time of day, `13:45:00` or `13:45:00.25`, to the microsecond. */
export const Time: ColumnType<string> = {
  kind: 'time',
  typeName: 'Time',
  storage: (database) => ({
    type: 'time',
    // Without a precision, MySQL and MariaDB round to seconds; PostgreSQL and SQLite keep what they are given.
    ...(database === 'mysql' ? { precision: 6 } : {}),
    transformer: {
      // SQLite compares texts, so all have six digits: those that SQLAlchemy wrote as well. MySQL shows six.
      to: (value: unknown) => (database !== 'postgres' && typeof value === 'string' ? longest(value) : value),
      from: (value: unknown) => (typeof value === 'string' ? shortest(value) : value),
    },
  }),
  accept(value) {
    if (typeof value !== 'string' || !/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/.test(value)) {
      refuse('a time like 13:45:00', value)
    }
    return shortest(value.length === 5 ? `${value}:00` : value)
  },
}

/** One text for one time: without zeros at the end of a fraction. */
function shortest(time: string): string {
  return time.includes('.') ? time.replace(/\.?0+$/, '') : time
}

function longest(time: string): string {
  const [whole, fraction = ''] = time.split('.')
  return `${whole}.${fraction.padEnd(6, '0')}`
}
