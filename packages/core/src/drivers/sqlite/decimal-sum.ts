import { plainDigits, scaled, unscaled } from '../../types/decimal.js'

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

/** A number, or the text that a `Numeric` of many digits is kept as. */
function decimalText(value: unknown): string | undefined {
  if (typeof value === 'number') return plainDigits(value)
  if (typeof value === 'bigint') return `${value}`
  return typeof value === 'string' ? /^-?\d+(\.\d+)?/.exec(value)?.[0] : undefined
}
