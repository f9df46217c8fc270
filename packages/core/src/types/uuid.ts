import { randomBytes, randomUUID } from 'node:crypto'
import { clock } from '../clock.js'
import { oneWordOf, readOptions } from '../options.js'
import { type ColumnStorage, type ColumnType, type DatabaseKind, type GeneratingType, refuse } from './column-type.js'

/** How UUIDs are made and stored. @since 0.2 */
export interface UUIDOptions {
  /**
   * Makes one in the application for a new record that has none, also as its key: `7` of the time, so that rows made one after the other
   * stand together in the index and sort as they were made; `4` at random. UUIDs of any version are accepted. @default none is made
   */
  readonly version?: 4 | 7
  /**
   * `'text'` is the usual form of 36 characters; `'binary'` and `'char32'` open tables that SQLAlchemy-Utils made (its `UUIDType()`
   * and `UUIDType(binary=False)`). PostgreSQL has a type of its own, whatever is said here. @default 'text'
   */
  readonly storage?: 'text' | 'binary' | 'char32'
}

const uuidOptions = {
  version: { takes: '4 or 7', accepts: (value: unknown): value is 4 | 7 => value === 4 || value === 7 },
  storage: oneWordOf('text', 'binary', 'char32'),
}

/**
 * A UUID, with how it is made and stored.
 *
 * @throws {InvalidOptionError} An option is unknown.
 * @example
 * class Device extends db.BaseModel('Device', { id: db.Column(db.UUIDType({ version: 7 }), { primary: true }) }) {}
 */
export function UUIDType(options: UUIDOptions & { readonly version: 4 | 7 }): GeneratingType<string>
export function UUIDType(options?: UUIDOptions): ColumnType<string>
export function UUIDType(options?: UUIDOptions): ColumnType<string> {
  const { storage: kept = 'text', version } = readOptions(uuidOptions, options, 'UUIDType()')
  return {
    kind: 'uuid',
    typeName: 'UUID',
    storage: (database) => (database === 'postgres' ? { type: 'uuid' } : storages[kept](database)),
    accept(value) {
      const text = typeof value === 'string' ? usualUUID(value) : undefined
      if (text === undefined) refuse('a UUID', value)
      return text
    },
    ...(version === undefined ? {} : { generate: version === 7 ? uuidOfTime : randomUUID }),
  }
}

/** The millisecond and the number in it of the UUID that was made last. */
let [millisecond, number] = [0, 0]

/** A UUID of version 7; each is greater than the one before of this process, also within one millisecond. */
function uuidOfTime(): string {
  const now = clock.now().toMillis()
  if (now > millisecond) [millisecond, number] = [now, 0]
  else if (++number > 0xfff) [millisecond, number] = [millisecond + 1, 0]
  const random = randomBytes(8)
  random.writeUInt8((random.readUInt8() & 0x3f) | 0x80)
  const digits = (value: number, length: number): string => value.toString(16).padStart(length, '0')
  const text = `${digits(millisecond, 12)}7${digits(number, 3)}${random.toString('hex')}`
  return usualUUID(text) ?? text
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
