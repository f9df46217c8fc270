import { createRequire } from 'node:module'
import { join } from 'node:path'
import { MissingPackageError } from '../errors.js'

const here = /^\s*at (?:.*\()?((?:file:\/\/)?[^()\n]*\/types\/peer\.[jt]s):\d+/m

/**
 * Looks for packages from this file on; where a bundle has put it into the application's own, from the folder in which the process runs.
 * Not by `import.meta`: what makes CommonJS of the package, for jest or for a bundle, has none.
 */
function requireFrom(): NodeJS.Require {
  const file = here.exec((new Error('here').stack ?? '').replaceAll('\\', '/'))?.[1]
  return createRequire(file ?? join(process.cwd(), 'app.js'))
}

const requireHere = requireFrom()

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
