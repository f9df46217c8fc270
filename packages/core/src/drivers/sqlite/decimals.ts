import { plainDigits, scaled, unscaled } from '../../types/decimal.js'
import { storedDecimal } from '../../types/numeric.js'

/** A sum so far, in units of its last place. */
interface Sum {
  readonly digits: bigint
  readonly scale: number
}

/** The SQL function that sums a `Numeric` to its last digit: SQLite's own reckons with doubles. */
export const decimalSum = {
  name: 'decimal_sum',
  start: null,
  deterministic: true,
  step(sum: Sum | null, value: unknown): Sum | null {
    const text = decimalText(value)
    if (text === undefined) return sum
    const scale = Math.max(sum?.scale ?? 0, text.split('.')[1]?.length ?? 0)
    const before = sum ? sum.digits * 10n ** BigInt(scale - sum.scale) : 0n
    return { digits: before + scaled(text, scale), scale }
  },
  result: (sum: Sum | null): string | null => sum && unscaled(sum.digits, sum.scale),
} as const

/** Adds to a `Numeric` to its last digit, and gives the sum as its column keeps it. */
export function decimalAdd(value: unknown, by: unknown, scale: unknown): string | null {
  const [text, more] = [decimalText(value), decimalText(by)]
  if (text === undefined || more === undefined || typeof scale !== 'number') return null
  return storedDecimal(unscaled(scaled(text, scale) + scaled(more, scale), scale))
}

/** A text that sorts as the number does, of a `Numeric` of any size. */
export function decimalOrder(value: unknown): string | null {
  const text = decimalText(value)
  if (text === undefined) return null
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const digits = `${whole.padStart(65, '0')}.${fraction.replace(/0+$/, '')}`
  if (!text.startsWith('-') || !/[1-9]/.test(digits)) return `1${digits}`
  // Of two negative numbers the greater one is the one with the smaller digits; one that ends earlier is greater.
  return `0${digits.replace(/\d/g, (digit) => `${9 - Number(digit)}`)}~`
}

/** A number, or the text that a `Numeric` of many digits is kept as. */
function decimalText(value: unknown): string | undefined {
  if (typeof value === 'number') return plainDigits(value)
  if (typeof value === 'bigint') return `${value}`
  return typeof value === 'string' ? /^-?\d+(\.\d+)?/.exec(value)?.[0] : undefined
}
