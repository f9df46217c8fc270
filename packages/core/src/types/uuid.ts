import { oneWordOf, readOptions } from '../options.js'
import { type ColumnType, type DatabaseKind, type ColumnStorage, refuse } from './column-type.js'

/** How UUIDs are stored. */
export interface UUIDOptions {
  /**
   * `'text'` is the usual form of 36 characters; `'binary'` and `'char32'` open tables that SQLAlchemy-Utils made (its `UUIDType()`
   * and `UUIDType(binary=False)`). PostgreSQL has a type of its own, whatever is said here. @default 'text'
   */
  readonly storage?: 'text' | 'binary' | 'char32'
}

const uuidOptions = { storage: oneWordOf('text', 'binary', 'char32') }

/**
 * A UUID, with how it is stored.
 *
 * @throws {InvalidOptionError} An option is unknown.
 * @example
 * class Device extends db.BaseModel('Device', { id: db.Column(db.UUIDType({ storage: 'binary' }), { primary: true }) }) {}
 */
export function UUIDType(options?: UUIDOptions): ColumnType<string> {
  const { storage: kept = 'text' } = readOptions(uuidOptions, options, 'UUIDType()')
  return {
    kind: 'uuid',
    typeName: 'UUID',
    storage: (database) => (database === 'postgres' ? { type: 'uuid' } : storages[kept](database)),
    accept(value) {
      const text = typeof value === 'string' ? usualUUID(value) : undefined
      if (text === undefined) refuse('a UUID', value)
      return text
    },
  }
}

/** A UUID in its usual text form, `6f9619ff-8b86-d011-b42d-00cf4fc964ff`; one without hyphens is accepted. */
export const UUID: ColumnType<string> = UUIDType()

const storages: Readonly<Record<'text' | 'binary' | 'char32', (database: DatabaseKind) => ColumnStorage>> = {
  text: () => ({ type: 'varchar', length: 36 }),
  char32: (database) => ({
    type: database === 'mysql' ? 'char' : 'varchar',
    length: 32,
    transformer: {
      to: (value: unknown) => (typeof value === 'string' ? value.replaceAll('-', '') : value),
      from: (value: unknown) => (typeof value === 'string' ? (usualUUID(value) ?? value) : value),
    },
  }),
  binary: (database) => ({
    ...(database === 'mysql' ? { type: 'binary', length: 16 } : { type: 'blob' }),
    transformer: {
      to: (value: unknown) => (typeof value === 'string' ? Buffer.from(value.replaceAll('-', ''), 'hex') : value),
      from: (value: unknown) => (value instanceof Uint8Array ? usualUUID(Buffer.from(value).toString('hex')) : value),
    },
  }),
}

/** The usual text form of a UUID with hyphens or without. */
export function usualUUID(text: string): string | undefined {
  const [, ...groups] = /^([\da-f]{8})(-?)([\da-f]{4})\2([\da-f]{4})\2([\da-f]{4})\2([\da-f]{12})$/i.exec(text) ?? []
  return groups.length === 0
    ? undefined
    : groups
        .filter((group) => group.length > 1)
        .join('-')
        .toLowerCase()
}
