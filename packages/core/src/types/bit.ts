import { InvalidOptionError } from '../errors.js'
import { type ColumnStorage, type ColumnType, type DatabaseKind, refuse } from './column-type.js'

/**
 * Bits as a text of 0 and 1, all `length` of them: `'0110'`.
 *
 * @param length 1 to 255.
 * @throws {InvalidOptionError} The length is another.
 * @since 0.2
 * @example
 * class Door extends db.Model('Door', { rights: db.Column(db.BitType(3), { default: '100' }) }) {}
 */
export function BitType(length: number): ColumnType<string> {
  if (!Number.isInteger(length) || length < 1 || length > 255) {
    throw new InvalidOptionError('BitType(length)', 'a whole number of bits from 1 to 255', length)
  }
  return {
    kind: 'bits',
    typeName: `BitType(${length})`,
    storage: (database) => ({ ...storedBits(database, length), transformer: { to: (value: unknown) => value, from: bitsOf } }),
    accept(value) {
      if (typeof value !== 'string' || value.length !== length || !/^[01]+$/.test(value))
        refuse(`a text of ${length} zeros and ones`, value)
      return value
    },
    jsonSchema: { type: 'string', pattern: `^[01]{${length}}$` },
  }
}

/** PostgreSQL has bits; elsewhere they are the text. */
export function storedBits(database: DatabaseKind, length: number): ColumnStorage {
  return { type: database === 'postgres' ? 'bit' : 'varchar', length }
}

/** The text of what was read: the original keeps it as bytes on MySQL. */
export function bitsOf(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value
}
