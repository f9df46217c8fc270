import { type ColumnType, refuse } from './column-type.js'

const smallest = -2_147_483_648
const largest = 2_147_483_647

/** A whole number of 32 bits. */
export const Integer: ColumnType<number> = {
  kind: 'integer',
  typeName: 'Integer',
  range: { scale: 0, smallest: BigInt(smallest), largest: BigInt(largest) },
  storage: () => ({ type: 'integer' }),
  accept(value) {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < smallest || value > largest) {
      refuse(`a whole number from ${smallest} to ${largest}`, value)
    }
    return value
  },
}
