import { inspect } from 'node:util'
import { oneWordOf, readOptions, wholeNumber } from '../options.js'
import { type ColumnType, refuse, type takes } from './column-type.js'
import { argon2Scheme } from './argon2.js'
import { bcryptScheme, longestOfBcrypt } from './bcrypt.js'
import { isPasswordOf, type PasswordScheme, scryptScheme } from './password-scheme.js'
import { acceptText } from './string.js'

/** How passwords are hashed. @since 0.2 */
export interface PasswordOptions {
  /**
   * `scrypt` is Node's own; `argon2` (argon2id) needs the package `@node-rs/argon2`; `bcrypt` needs `bcryptjs`, and takes passwords of at most
   * 72 bytes.
   *
   * @default 'scrypt'
   */
  readonly scheme?: 'scrypt' | 'argon2' | 'bcrypt'
  /** Doublings of the work of one guess, 10 to 20: with 15, scrypt and argon2 take 32 MB. @default 15; of bcrypt 12 */
  readonly cost?: number
}

/** The longest password: hashing a longer one would cost the server, and nobody else. */
const longest = 4_096

/**
 * A password as a record has it: it tells whether a text is that password, and is never a text itself.
 *
 * @since 0.2
 * @example
 * const user = await User.firstOrError({ name: 'Ada' })
 * if (!(await user.password?.verify(req.body.password))) throw new Unauthorized()
 */
export class Password {
  /** Only for the type: a text may be written in its place. */
  declare readonly [takes]: string
  readonly #scheme: PasswordScheme
  #hash: string | undefined
  #text: string | undefined
  #hashing: Promise<void> | undefined

  /** @internal Of a hash that was read, or of a text that is still to be hashed. */
  constructor(scheme: PasswordScheme, { hash, text }: { readonly hash?: string; readonly text?: string }) {
    this.#scheme = scheme
    this.#hash = hash
    this.#text = text
  }

  /**
   * Whether `text` is the password, in a time that does not tell how much of it is right; what is no text is not.
   *
   * @throws {MissingPackageError} It was hashed by a scheme whose package is not installed.
   */
  async verify(text: unknown): Promise<boolean> {
    await this.prepare()
    return typeof text === 'string' && text.length <= longest && isPasswordOf(this.#hash ?? '', text)
  }

  /** Whether it was hashed otherwise than its column says today: save the text again once it has been verified. */
  get needsRehash(): boolean {
    return this.#hash !== undefined && !this.#scheme.isCurrent(this.#hash)
  }

  /** @internal Hashes the text; once, however many ask. @returns `undefined` where that has been done. */
  prepare(): Promise<void> | undefined {
    const text = this.#text
    if (text === undefined) return undefined
    return (this.#hashing ??= this.#scheme.hash(text).then((hash) => {
      this.#hash = hash
      this.#text = undefined
    }))
  }

  /** @internal What is stored; `undefined` while it is no hash yet. */
  get stored(): Buffer | undefined {
    return this.#hash === undefined ? undefined : Buffer.from(this.#hash)
  }

  /** Nothing: JSON leaves it out. */
  toJSON(): undefined {
    return undefined
  }

  /** A word, and nothing of the password. */
  toString(): string {
    return '[password]'
  }

  /** @internal */
  [inspect.custom](): string {
    return '[password]'
  }
}

/**
 * A password. A text is written, and hashed before the statement, on another thread; what is read is an object with `verify`, which no
 * JSON, log, dict or filter shows anything of.
 *
 * It reads what passlib wrote for the Python original: scrypt, argon2, bcrypt, PBKDF2, MD5-crypt; and passlib reads what it writes.
 *
 * @throws {InvalidOptionError} An option is unknown, or the cost is another.
 * @throws {MissingPackageError} The package of the scheme is not installed; the message has the command that installs it.
 * @example
 * class User extends db.Model('User', { name: db.Column(db.String(40)), password: db.Column(db.PasswordType()) }) {}
 * const user = await User.create({ name: 'ada', password: 'correct horse' })
 * await user.password.verify('correct horse')  // true
 */
export function PasswordType(options?: PasswordOptions): ColumnType<Password, string> {
  const known = { scheme: oneWordOf('scrypt', 'argon2', 'bcrypt'), cost: wholeNumber(10, 20) }
  const { scheme: name = 'scrypt', cost = name === 'bcrypt' ? 12 : 15 } = readOptions(known, options, 'PasswordType()')
  const scheme = { scrypt: scryptScheme, argon2: argon2Scheme, bcrypt: bcryptScheme }[name](cost)
  const textOf = (value: unknown): Password => {
    const text = acceptText(value)
    if (text === '' || text.length > longest) refuse(`a password of 1 to ${longest} characters`, value)
    // bcrypt would take all that begin alike for the same.
    if (name === 'bcrypt' && Buffer.byteLength(text) > longestOfBcrypt) refuse(`a password of at most ${longestOfBcrypt} bytes`, value)
    return new Password(scheme, { text })
  }
  return {
    kind: 'secret',
    opaque: true,
    typeName: 'PasswordType',
    storage: (database) => ({
      // Bytes, as SQLAlchemy-Utils has them.
      ...(database === 'mysql' ? { type: 'varbinary', length: 1024 } : { type: database === 'postgres' ? 'bytea' : 'blob' }),
      transformer: {
        // One that is no hash yet stays what it is, which no statement binds; TypeORM compares with what it has read.
        to: (value: unknown) => (value instanceof Password ? (value.stored ?? value) : typeof value === 'string' ? textOf(value) : value),
        from(value: unknown) {
          const hash = value instanceof Uint8Array ? Buffer.from(value).toString() : value
          return typeof hash === 'string' ? new Password(scheme, { hash }) : value
        },
      },
    }),
    accept: (value) => (value instanceof Password ? value : textOf(value)),
    prepare: (value) => value.prepare(),
    toJSON: () => undefined,
  }
}
