import { createHash, pbkdf2, randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { isError } from '../errors.js'
import { isArgon2Of } from './argon2.js'
import { isBcryptOf } from './bcrypt.js'

/** A way to hash passwords. */
export interface PasswordScheme {
  /** Hashes, on another thread. */
  hash(password: string): Promise<string>
  /** Whether a hash is as this way makes them today. */
  isCurrent(hash: string): boolean
}

/** Tells whether a password is the one of a hash. @param parts What stands between its `$`. */
type Verify = (password: string, parts: readonly string[], hash: string) => Promise<boolean>

const derived: (password: string, salt: Buffer, length: number, options: ScryptOptions) => Promise<Buffer> = promisify(scrypt)
const stretched = promisify(pbkdf2)

/** Blocks and lanes of scrypt: with its usual cost, what OWASP recommends. */
const [blocks, lanes] = [8, 3]

/** scrypt, written as passlib writes it, which therefore reads it. @param cost Doublings of the work: 15 take 32 MB. */
export function scryptScheme(cost: number): PasswordScheme {
  return {
    async hash(password) {
      const salt = randomBytes(16)
      const key = await scryptKey(password, salt, { cost, blocks, lanes }, 32)
      return `$scrypt$ln=${cost},r=${blocks},p=${lanes}$${unpadded(salt)}$${unpadded(key)}`
    },
    isCurrent(hash) {
      const made = scryptCost(hash.split('$')[2] ?? '')
      return hash.startsWith('$scrypt$') && made.cost >= cost && made.blocks * made.lanes >= blocks * lanes
    },
  }
}

interface ScryptCost {
  readonly cost: number
  readonly blocks: number
  readonly lanes: number
}

function scryptCost(text: string): ScryptCost {
  const [, cost, r, p] = /^ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})$/.exec(text) ?? []
  return { cost: Number(cost), blocks: Number(r), lanes: Number(p) }
}

function scryptKey(password: string, salt: Buffer, { cost, blocks: r, lanes: p }: ScryptCost, length: number): Promise<Buffer> {
  const N = 2 ** cost
  return derived(password, salt, length, { N, r, p, maxmem: 256 * r * (N + p) })
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

/** Base64 as passlib writes it, with a point for the plus. */
function bytesOf(text: string): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64')
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && one.length > 0 && timingSafeEqual(one, other)
}

function pbkdf2With(digest: string): Verify {
  return async (password, [rounds, salt = '', key = '']) => {
    const expected = bytesOf(key)
    const made = await stretched(password, bytesOf(salt), Number(rounds), expected.length, digest)
    return isSame(made, expected)
  }
}

/** By what a hash is called; passlib, which the Python original uses, names them so. */
const verifiers: Readonly<Record<string, Verify>> = {
  scrypt: async (password, [cost = '', salt = '', key = '']) => {
    const expected = bytesOf(key)
    return isSame(await scryptKey(password, bytesOf(salt), scryptCost(cost), expected.length), expected)
  },
  pbkdf2: pbkdf2With('sha1'),
  'pbkdf2-sha256': pbkdf2With('sha256'),
  'pbkdf2-sha512': pbkdf2With('sha512'),
  argon2id: isArgon2Of,
  argon2i: isArgon2Of,
  argon2d: isArgon2Of,
  '2a': isBcryptOf,
  '2b': isBcryptOf,
  '2y': isBcryptOf,
  // oxlint-disable-next-line typescript/require-await -- as the others
  1: async (password, [salt = '', key = '']) => isSame(Buffer.from(md5Crypt(password, salt)), Buffer.from(key)),
}

/**
 * Whether a password is the one of a hash, in a time that does not tell how much of it is right; no scheme that is unknown matches.
 *
 * @throws {MissingPackageError} The package of its scheme is not installed.
 */
export async function isPasswordOf(hash: string, password: string): Promise<boolean> {
  const [empty, name = '', ...parts] = hash.split('$')
  const verify = empty === '' && Object.hasOwn(verifiers, name) ? verifiers[name] : undefined
  if (!verify) return false
  try {
    return await verify(password, parts, hash)
  } catch (error) {
    // A hash that was cut off, or has numbers that its scheme cannot have.
    if (isError(error) && /^(Range|Type)Error$/.test(error.name)) return false
    throw error
  }
}

/** The thousand rounds of MD5 that old systems have, for the last time: such a hash is to be replaced. */
function md5Crypt(password: string, salt: string): string {
  const [secret, grain] = [Buffer.from(password), Buffer.from(salt.slice(0, 8))]
  const md5 = (...parts: readonly Buffer[]): Buffer => createHash('md5').update(Buffer.concat(parts)).digest()
  const inner = md5(secret, grain, secret)
  const spread = Buffer.alloc(secret.length, inner)
  const bits: Buffer[] = []
  for (let length = secret.length; length > 0; length >>= 1) bits.push(length & 1 ? Buffer.alloc(1) : secret.subarray(0, 1))
  let digest = md5(secret, Buffer.from('$1$'), grain, spread, ...bits)
  for (let round = 0; round < 1_000; round++) {
    const parts = [round & 1 ? secret : digest]
    if (round % 3) parts.push(grain)
    if (round % 7) parts.push(secret)
    parts.push(round & 1 ? digest : secret)
    digest = md5(...parts)
  }
  const signs = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const written = (value: number, count: number): string =>
    Array.from({ length: count }, (_, index) => signs.charAt((value >> (6 * index)) & 63)).join('')
  const at = (index: number): number => digest[index] ?? 0
  const triples = [0, 1, 2, 3, 4].map((index) => (at(index) << 16) | (at(index + 6) << 8) | at(index === 4 ? 5 : index + 12))
  return triples.map((triple) => written(triple, 4)).join('') + written(at(11), 2)
}
