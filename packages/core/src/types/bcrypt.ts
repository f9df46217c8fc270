import { loadPeer } from './peer.js'

/** The part of bcryptjs that we use. */
interface Bcrypt {
  readonly hash: (password: string, rounds: number) => Promise<string>
  readonly compare: (password: string, hash: string) => Promise<boolean>
}

const packageName = 'bcryptjs'

/** It looks at no more bytes of a password. */
export const longestOfBcrypt = 72

/** bcrypt, in the form `$2b$`. @param cost Doublings of the work. */
export function bcryptScheme(cost: number) {
  const { hash } = loadPeer<Bcrypt>(packageName, "PasswordType({ scheme: 'bcrypt' })")
  return {
    hash: (password: string): Promise<string> => hash(password, cost),
    isCurrent: (stored: string): boolean => Number(/^\$2[by]\$(\d\d)\$/.exec(stored)?.[1]) >= cost,
  }
}

/** @throws {MissingPackageError} The package is not installed. */
export async function isBcryptOf(password: string, _parts: readonly string[], stored: string): Promise<boolean> {
  const { compare } = loadPeer<Bcrypt>(packageName, 'verify() of a password that bcrypt hashed')
  // Of anything else it makes an error.
  return /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z\d]{53}$/.test(stored) && compare(password, stored)
}
