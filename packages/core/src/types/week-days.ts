import { bitsOf, storedBits } from './bit.js'
import { type ColumnType, refuse } from './column-type.js'

/** A day of the week, from 1, Monday, to 7, Sunday: as ISO 8601 and Luxon count. @since 0.2 */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7

const week: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7]

/**
 * Days of the week: a list of numbers from 1, Monday, to 7, each once and in order; a change in place is seen. `db.utils.nameOf` says
 * their names. The table has `1110000`, as the Python original.
 *
 * @since 0.2
 * @example
 * class Shop extends db.Model('Shop', { open: db.Column(db.WeekDaysType(), { default: [1, 2, 3, 4, 5] }) }) {}
 * await Shop.filter({ open: [6, 7] }).all() // exactly these
 */
export function WeekDaysType(): ColumnType<Weekday[], readonly Weekday[]> {
  return {
    kind: 'bits',
    typeName: 'WeekDaysType',
    mutable: true,
    shape: 'list',
    storage: (database) => ({
      ...storedBits(database, week.length),
      transformer: {
        to: (value: unknown) => (Array.isArray(value) ? week.map((day) => (value.includes(day) ? '1' : '0')).join('') : value),
        from: (value: unknown) => (value === null || value === undefined ? value : daysOf(bitsOf(value))),
      },
    }),
    accept(value) {
      if (!Array.isArray(value) || !value.every((each) => week.some((day) => day === each))) {
        refuse('a list of weekdays from 1, Monday, to 7', value)
      }
      return week.filter((day) => value.includes(day))
    },
    jsonSchema: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 7 } },
  }
}

function daysOf(bits: unknown): unknown {
  return typeof bits === 'string' ? week.filter((day) => bits[day - 1] === '1') : bits
}
