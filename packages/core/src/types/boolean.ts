import { type ColumnType, refuse } from './column-type.js'

/** `true` or `false`. */
export const Boolean: ColumnType<boolean> = {
  kind: 'boolean',
  typeName: 'Boolean',
  storage: () => ({ type: 'boolean' }),
  accept(value) {
    if (typeof value !== 'boolean') refuse('true or false', value)
    return value
  },
}
