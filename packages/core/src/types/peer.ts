import { createRequire } from 'node:module'
import { MissingPackageError } from '../errors.js'

const requireHere = createRequire(import.meta.url)

/**
 * Loads an optional package, in the call itself: where a column is defined, so that a project without it hears of it as it starts.
 *
 * @typeParam Module What of the package is used, by the caller's word.
 * @param what What needs it, for the message: `PhoneNumberType()`.
 * @throws {MissingPackageError} It is not installed.
 */
export function loadPeer<Module>(packageName: string, what: string): Module {
  let path: string
  try {
    path = requireHere.resolve(packageName)
  } catch (error) {
    throw new MissingPackageError(packageOf(packageName), what, error)
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  return requireHere(path) as Module
}

/** The package of a path in it: `libphonenumber-js` of `libphonenumber-js/max`. */
function packageOf(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/')
}
