import { type ColumnType, refuse } from './column-type.js'

const limit = 2n ** 63n

/** A whole number of 64 bits, a `bigint` in the application; numbers are accepted. */
export const BigInteger: ColumnType<bigint, number> = {
  kind: 'bigint',
  typeName: 'BigInteger',
  range: { scale: 0, smallest: -limit, largest: limit - 1n },
  storage: (database, isGenerated) => ({
    // SQLite makes keys of an INTEGER alone, which has 64 bits there.
    type: database === 'sqlite' && isGenerated ? 'integer' : 'bigint',
    transformer: {
      to: (value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
      from: (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? BigInt(value) : value),
    },
  }),
  accept(value) {
    const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
    if (typeof whole !== 'bigint' || whole < -limit || whole >= limit) refuse('a whole number of 64 bits', value)
    return whole
  },
  toJSON: (value) => value.toString(),
}
