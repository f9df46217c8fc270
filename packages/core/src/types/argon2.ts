import { loadPeer } from './peer.js'
import { isError } from '../errors.js'

/** The part of @node-rs/argon2 that we use. */
interface Argon2 {
  readonly hash: (password: string, options: { memoryCost: number; timeCost: number; parallelism: number }) => Promise<string>
  readonly verify: (hash: string, password: string) => Promise<boolean>
}

const packageName = '@node-rs/argon2'

/** Passes and lanes: with 19 MB and more, what OWASP recommends. */
const [passes, lanes] = [2, 1]

/** argon2id, in the form that its own library writes. @param cost Doublings of the memory, of 1 KB: 15 are 32 MB. */
export function argon2Scheme(cost: number) {
  const { hash } = loadPeer<Argon2>(packageName, "PasswordType({ scheme: 'argon2' })")
  return {
    hash: (password: string): Promise<string> => hash(password, { memoryCost: 2 ** cost, timeCost: passes, parallelism: lanes }),
    isCurrent(stored: string): boolean {
      const [, memory, times] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$/.exec(stored) ?? []
      return Number(memory) >= 2 ** cost && Number(times) >= passes
    },
  }
}

/** @throws {MissingPackageError} The package is not installed. */
export async function isArgon2Of(password: string, _parts: readonly string[], stored: string): Promise<boolean> {
  const { verify } = loadPeer<Argon2>(packageName, 'verify() of a password that argon2 hashed')
  try {
    return await verify(stored, password)
  } catch (error) {
    // It was cut off, or has numbers that argon2 cannot have.
    if (isError(error) && 'code' in error && error.code === 'InvalidArg') return false
    throw error
  }
}
