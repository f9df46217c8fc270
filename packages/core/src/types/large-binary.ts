import { type ColumnType, refuse } from './column-type.js'

/** Bytes. */
export const LargeBinary: ColumnType<Uint8Array> = {
  kind: 'bytes',
  typeName: 'LargeBinary',
  mutable: true,
  storage: (database) => ({ type: database === 'postgres' ? 'bytea' : database === 'mysql' ? 'longblob' : 'blob' }),
  accept(value) {
    if (!(value instanceof Uint8Array)) refuse('bytes (a Buffer or Uint8Array)', value)
    return value
  },
  toJSON: (value) => Buffer.from(value).toString('base64'),
}
