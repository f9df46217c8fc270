import { type ColumnType, refuse } from './column-type.js'

/** A number of double precision. */
export const Float: ColumnType<number> = {
  kind: 'number',
  typeName: 'Float',
  storage: (database) => ({ type: database === 'postgres' ? 'double precision' : 'double' }),
  accept(value) {
    if (typeof value !== 'number' || !Number.isFinite(value)) refuse('a finite number', value)
    return value
  },
}
