import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ActiveAlchemy } from '../active-alchemy.js'
import { isObject } from '../options.js'
import { CommandError } from './command-error.js'
import { told } from './told.js'

/** What a module exports. */
type Exports = Readonly<Record<string, unknown>>

/** Whether a file is TypeScript. */
export function isTypeScript(file: string): boolean {
  return /\.[cm]?ts$/.test(file)
}

/**
 * Loads a module of the application, an ES module or one of CommonJS.
 *
 * @param root Where the application's packages are found from.
 * @throws {CommandError} It cannot be loaded: as it failed, or because it is TypeScript and nothing here reads that.
 */
export async function loadModule(file: string, root: string): Promise<Exports> {
  if (isTypeScript(file)) await readTypeScript(root)
  try {
    const module: unknown = await import(pathToFileURL(file).href)
    if (!isObject(module)) return {}
    const exports = { ...module }
    // What a module of CommonJS exports is all in its default; not all of it has a name outside.
    return 'default' in exports && isObject(exports.default) && !(exports.default instanceof ActiveAlchemy)
      ? { ...exports.default, ...exports }
      : exports
  } catch (error) {
    throw failedToLoad(file, error)
  }
}

/** By tsx, where the application has it: it reads all of TypeScript, once it is imported. Else Node.js does, or `import` fails. */
async function readTypeScript(root: string): Promise<void> {
  let loader: string
  try {
    loader = createRequire(join(root, 'package.json')).resolve('tsx')
  } catch {
    return
  }
  await import(pathToFileURL(loader).href)
}

function failedToLoad(file: string, error: unknown): CommandError {
  const name = basename(file)
  const code: unknown = isObject(error) && 'code' in error ? error.code : undefined
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    const lack = code === 'ERR_UNKNOWN_FILE_EXTENSION' ? 'Node.js' : 'Node.js, which only leaves types out,'
    return new CommandError(
      `${name} is TypeScript, which ${lack} ${process.version} does not run. Install tsx: npm install --save-dev tsx. ` +
        'Or build, and name what was built: --db dist/db.js.' +
        (code === 'ERR_UNKNOWN_FILE_EXTENSION' ? ' Or take Node.js 22.18 or newer.' : ''),
      1,
      error,
    )
  }
  return new CommandError(`${name} could not be loaded. ${told(error)}`, 1, error)
}

/** Finds the database among what a module exports. @param name The export; without it `db`, the default, or the only one. */
export function databaseIn(module: Exports, name: string | undefined, path: string): ActiveAlchemy {
  const found = Object.entries(module).filter((each): each is [string, ActiveAlchemy] => isDatabase(each[1]))
  if (name === undefined) {
    const first = ['db', 'default'].find((each) => found.some(([known]) => known === each))
    if (first === undefined && new Set(found.map(([, db]) => db)).size > 1) {
      const names = found.map(([known]) => known)
      throw new CommandError(`${path} exports ${names.join(', ')}. Say which: --db ${path}#${names[0]}.`, 2)
    }
    const [, db] = found.find(([known]) => known === (first ?? known)) ?? []
    if (db) return db
  } else {
    const [, db] = found.find(([known]) => known === name) ?? []
    if (db) return db
  }
  const names = Object.keys(module).filter((each) => !each.startsWith('__') && each !== 'module.exports')
  const has = names.length > 0 ? `It exports ${names.join(', ')}.` : 'It exports nothing.'
  const wanted = name === undefined ? 'no database' : `no database named ${name}`
  throw new CommandError(`${path} exports ${wanted}. ${has} Write: export const db = new ActiveAlchemy(…).`, 2)
}

/** Also one of another copy of this package. */
function isDatabase(value: unknown): value is ActiveAlchemy {
  if (value instanceof ActiveAlchemy) return true
  if (!isObject(value)) return false
  return ['createAll', 'migrate', 'sandbox', 'close'].every((name) => name in value && typeof Reflect.get(value, name) === 'function')
}
