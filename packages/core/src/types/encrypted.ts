import { createHash } from 'node:crypto'
import { DecryptionError, InvalidOptionError } from '../errors.js'
import { anything, flag, readOptions, text } from '../options.js'
import { kindOf } from '../wording.js'
import { blindIndex, seal, unseal, unsealOriginal } from './cipher.js'
import type { ColumnKind, ColumnType } from './column-type.js'

/** A key, from which the 256 bits are derived: a long random text, or bytes. @since 0.2 */
export type EncryptionKey = string | Uint8Array

/** How a column is encrypted. @since 0.2 */
export interface EncryptedOptions {
  /** The key; of a list the first encrypts, and all decrypt. A function is asked each time. */
  readonly key: EncryptionKey | readonly EncryptionKey[] | (() => EncryptionKey | readonly EncryptionKey[])
  /**
   * Name of a column that is added for it, by which a filter finds equal values; whoever reads the table sees which rows have the same.
   *
   * @default none: no filter is allowed
   */
  readonly blindIndex?: string
  /** Whether what the original's `AesEngine` wrote is read as well: it has no seal against changes. @default true */
  readonly legacy?: boolean
}

/**
 * Values of another type, encrypted by AES-256-GCM as they leave the application, and decrypted as they are read. No JSON, log or dict
 * shows them, unless the column says `hidden: false`.
 *
 * It reads what the Python original's `AesEngine` and `AesGcmEngine` wrote with the same key, and the latter reads what it writes.
 *
 * @throws {InvalidOptionError} An option is unknown, or there is no key.
 * @example
 * class Patient extends db.Model('Patient', {
 *   ssn: db.Column(db.EncryptedType(db.String(11), { key: process.env['KEY'] ?? '', blindIndex: 'ssnIndex' })),
 * }) {}
 * await Patient.filter({ ssn: '123-45-6789' }).all()
 */
export function EncryptedType<T, Also = never>(inner: ColumnType<T, Also>, options: EncryptedOptions): ColumnType<T, Also> {
  const known = { key: anything, blindIndex: text, legacy: flag }
  const { key, blindIndex: index, legacy = true } = readOptions(known, options, 'EncryptedType()')
  const keys = keysOf(key)
  const plain = plainText(inner)
  /** Objects as they were encrypted last: a change in place shows by another text alone. */
  const sealed = new WeakMap<object, { readonly text: string; readonly key: Buffer; readonly stored: string }>()
  const encrypt = (value: unknown): string => {
    const [first] = keys()
    const written = plain.write(value)
    if (typeof value !== 'object' || value === null) return seal(written, first)
    const known = sealed.get(value)
    if (known?.text === written && known.key.equals(first)) return known.stored
    const stored = seal(written, first)
    sealed.set(value, { text: written, key: first, stored })
    return stored
  }
  const decrypt = (stored: string): unknown => {
    const bytes = Buffer.from(stored, 'base64')
    for (const open of legacy ? [unseal, unsealOriginal] : [unseal]) {
      for (const each of keys()) {
        const found = open(bytes, each)
        if (found !== undefined) return plain.read(found)
      }
    }
    throw new DecryptionError()
  }
  const { mutable } = inner
  return {
    kind: 'secret',
    opaque: true,
    isSealed: true,
    typeName: `EncryptedType(${inner.typeName})`,
    ...(mutable === undefined ? {} : { mutable }),
    storage: (database) => ({
      type: database === 'mysql' ? 'longtext' : 'text',
      transformer: {
        to: (value: unknown) => (value === null || value === undefined ? value : encrypt(value)),
        from(value: unknown) {
          const stored = value instanceof Uint8Array ? Buffer.from(value).toString() : value
          return typeof stored === 'string' ? decrypt(stored) : stored
        },
      },
    }),
    accept: (value) => inner.accept(value),
    ...(inner.toJSON ? { toJSON: (value: T) => inner.toJSON?.(value) } : {}),
    ...(index === undefined
      ? {}
      : { blindIndex: { column: index, of: (value) => keys().map((each) => blindIndex(plain.write(value), each, index)) } }),
  }
}

/** Keys of 32 bytes, of which there is one at least. */
type Keys = () => readonly [Buffer, ...Buffer[]]

function keysOf(given: unknown): Keys {
  if (typeof given !== 'function') {
    const keys = digested(given)
    return () => keys
  }
  return () => digested(Reflect.apply(given, undefined, []))
}

/** @throws {InvalidOptionError} It is no key; nothing of it is told. */
function digested(given: unknown): readonly [Buffer, ...Buffer[]] {
  const [first, ...others] = Array.isArray(given) ? given.map(digest) : [digest(given)]
  if (!first) throw new InvalidOptionError('The option key of EncryptedType() is an empty list. Give one key at least.')
  return [first, ...others]
}

/** As the original makes 256 bits of a key. */
function digest(key: unknown): Buffer {
  const isBytes = key instanceof Uint8Array
  if ((!isBytes && typeof key !== 'string') || key.length === 0) {
    throw new InvalidOptionError(
      `The option key of EncryptedType() is ${kindOf(key)}. It takes a text, a Buffer, a list of them, or a function that gives them.`,
    )
  }
  return createHash('sha256').update(key).digest()
}

/** How values of a type are written as text, as the original does it, and read from it. */
function plainText(inner: ColumnType<unknown>): { write(value: unknown): string; read(text: string): unknown } {
  const { transformer } = inner.storage('postgres')
  const transformers = transformer ? [transformer].flat() : []
  return {
    write: (value) => textOf(transformers.reduce((each, transform): unknown => transform.to(each), value)),
    read: (plain) => transformers.reduceRight((each, transform): unknown => transform.from(each), storedOf(plain, inner.kind)),
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  // A moment in UTC, as Python writes one without a zone.
  if (value instanceof Date) return value.toISOString().replace(/(?:\.000)?Z$/, '')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function storedOf(plain: string, kind: ColumnKind): unknown {
  if (kind === 'integer' || kind === 'number') return Number(plain)
  if (kind === 'boolean') return plain === 'true'
  if (kind === 'datetime') return new Date(`${plain.replace(' ', 'T').replace(/(\.\d{3})\d+$/, '$1')}Z`)
  if (kind === 'bytes') return Buffer.from(plain, 'base64')
  return kind === 'json' ? (JSON.parse(plain) as unknown) : plain
}
