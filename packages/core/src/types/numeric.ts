import { InvalidOptionError } from '../errors.js'
import { type ColumnType, refuse } from './column-type.js'

/** An exact decimal number. */
export type NumericType = ColumnType<string> & ((precision?: number, scale?: number) => ColumnType<string>)

function sized(precision = 18, scale = 2): ColumnType<string> {
  if (!Number.isInteger(precision) || precision < 1 || precision > 65) {
    throw new InvalidOptionError('Numeric(precision)', 'a whole number of digits from 1 to 65', precision)
  }
  if (!Number.isInteger(scale) || scale < 0 || scale > precision) {
    throw new InvalidOptionError('Numeric(scale)', 'a whole number from 0 to the precision', scale)
  }
  const whole = precision === scale ? '0' : `\\d{1,${precision - scale}}`
  const digits = new RegExp(`^-?${whole}${scale === 0 ? '' : `(\\.\\d{1,${scale}})?`}$`)
  return {
    kind: 'decimal',
    typeName: `Numeric(${precision}, ${scale})`,
    storage: () => ({
      type: 'numeric',
      precision,
      scale,
      transformer: {
        to: (value: unknown) => value,
        // SQLite reads a number where the others read the text.
        from: (value: unknown) => (typeof value === 'number' ? value.toFixed(scale) : value),
      },
    }),
    accept(value) {
      const text = typeof value === 'number' && Number.isFinite(value) ? plain(value) : value
      if (typeof text !== 'string' || !digits.test(text)) {
        refuse(`a decimal number of ${precision} digits, ${scale} of them after the point`, value)
      }
      return canonical(text, scale)
    },
  }
}

/**
 * A decimal number of `precision` digits, `scale` of them after the point; a string in the application, so that no digit
 * is lost. Numbers are accepted. SQLite keeps at most 15 digits. @default 18 digits, 2 after the point
 */
export const Numeric: NumericType = Object.assign(sized, sized())

/** Without the exponent that large and small numbers print with; every digit stays, so that too many are refused. */
function plain(value: number): string {
  const [, sign = '', first = '', rest = '', exponent] = /^(-?)(\d)(?:\.(\d+))?e(.+)$/.exec(`${value}`) ?? []
  if (exponent === undefined) return `${value}`
  const places = Number(exponent)
  const digits = first + rest
  return sign + (places < 0 ? `0.${'0'.repeat(-places - 1)}${digits}` : digits.padEnd(places + 1, '0'))
}

/** As the databases write it, so that a record saved and one read are equal: `7.50` for `007.5`, and no minus zero. */
function canonical(text: string, scale: number): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)0*(\d+)\.?(\d*)$/.exec(text) ?? []
  const digits = scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, '0')}`
  return /[1-9]/.test(digits) ? sign + digits : digits
}
