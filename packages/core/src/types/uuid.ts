import { type ColumnType, refuse } from './column-type.js'

/** A UUID in its usual text form. */
export const UUID: ColumnType<string> = {
  kind: 'uuid',
  typeName: 'UUID',
  storage: (database) => (database === 'postgres' ? { type: 'uuid' } : { type: 'varchar', length: 36 }),
  accept(value) {
    if (typeof value !== 'string' || !/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)) refuse('a UUID', value)
    return value.toLowerCase()
  },
}
