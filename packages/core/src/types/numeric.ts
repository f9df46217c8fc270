import { InvalidOptionError } from '../errors.js'
import { type ColumnType, type DatabaseKind, refuse } from './column-type.js'
import { plainDigits } from './decimal.js'

/** An exact decimal number. */
export type NumericType = ColumnType<string, number> & ((precision?: number, scale?: number) => ColumnType<string, number>)

/** So many digits come back from a number of double precision as they went in. */
const digitsOfDouble = 15

function sized(precision = 18, scale = 2): ColumnType<string, number> {
  if (!Number.isInteger(precision) || precision < 1 || precision > 65) {
    throw new InvalidOptionError('Numeric(precision)', 'a whole number of digits from 1 to 65', precision)
  }
  if (!Number.isInteger(scale) || scale < 0 || scale > precision) {
    throw new InvalidOptionError('Numeric(scale)', 'a whole number from 0 to the precision', scale)
  }
  const whole = precision === scale ? '0' : `\\d{1,${precision - scale}}`
  const digits = new RegExp(`^-?${whole}${scale === 0 ? '' : `(\\.\\d{1,${scale}})?`}$`)
  const largest = 10n ** BigInt(precision) - 1n
  return {
    kind: 'decimal',
    typeName: `Numeric(${precision}, ${scale})`,
    range: { scale, smallest: -largest, largest },
    storage: (database) => ({ type: 'numeric', precision, scale, transformer: { to: kept(database), from: readAs(scale) } }),
    accept(value) {
      const text = typeof value === 'number' && Number.isFinite(value) ? plainDigits(value) : value
      if (typeof text !== 'string' || !digits.test(text)) {
        refuse(`a decimal number of ${precision} digits, ${scale} of them after the point`, value)
      }
      return canonical(text, scale)
    },
  }
}

/**
 * A decimal number of `precision` digits, `scale` of them after the point; a string in the application, so that no digit
 * is lost. Numbers are accepted. @default 18 digits, 2 after the point
 *
 * SQLite has no decimal numbers: there one of up to 15 digits is a double, which brings them back exactly, and one of more is
 * kept as text with an `n` at its end. Equality, comparison, order, `increment` and sums know all digits; `min` and `max` put such
 * texts after all numbers.
 */
export const Numeric: NumericType = Object.assign(sized, sized())

/** How a database keeps the text. */
function kept(database: DatabaseKind): (value: unknown) => unknown {
  if (database !== 'sqlite') return (value) => value
  return (value) => (typeof value === 'string' ? storedDecimal(value) : value)
}

/** The text as SQLite keeps it: what is no number in SQL stays the text that it is, whatever the column's affinity. */
export function storedDecimal(text: string): string {
  return text.replace(/^-?0*|\./g, '').length > digitsOfDouble ? `${text}n` : text
}

/** The text of what was read: SQLite reads a number where the others read the text. */
function readAs(scale: number): (value: unknown) => unknown {
  return (value) => {
    if (typeof value === 'number') return value.toFixed(scale)
    if (typeof value === 'bigint') return canonical(`${value}`, scale)
    return typeof value === 'string' && value.endsWith('n') ? value.slice(0, -1) : value
  }
}

/** As the databases write it, so that a record saved and one read are equal: `7.50` for `007.5`, and no minus zero. */
function canonical(text: string, scale: number): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)0*(\d+)\.?(\d*)$/.exec(text) ?? []
  const digits = scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, '0')}`
  return /[1-9]/.test(digits) ? sign + digits : digits
}
