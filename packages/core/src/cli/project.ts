import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve, sep } from 'node:path'
import type { ActiveAlchemy } from '../active-alchemy.js'
import { isObject } from '../options.js'
import { CommandError } from './command-error.js'
import { databaseIn, isTypeScript, loadModule } from './module.js'

const configFiles = ['js', 'mjs', 'cjs', 'ts'].map((ending) => `active-alchemy.config.${ending}`)

/** Where the command works, and what it works with. */
export class Project {
  /** The folder of package.json, from which the application runs. */
  readonly root: string
  /** The file that exports the database. */
  readonly file: string
  readonly db: ActiveAlchemy

  private constructor(root: string, file: string, db: ActiveAlchemy) {
    this.root = root
    this.file = file
    this.db = db
  }

  /**
   * Finds the database and makes the folder of package.json the working directory, as relative paths of the application mean it.
   *
   * @param given What `--db` says, from the folder where the command was typed.
   * @throws {CommandError} Nothing says where the database is, or what does is wrong.
   */
  static async open(given: string | undefined, envFile: string | undefined): Promise<Project> {
    const folder = process.cwd()
    const root = rootOf(folder)
    if (envFile !== undefined) loadVariables(resolve(folder, envFile))
    process.chdir(root)
    if (given !== undefined) return Project.#at(root, folder, given, '--db')
    const config = configFiles.map((name) => join(root, name)).find((path) => existsSync(path))
    if (config) return Project.#ofConfig(root, config)
    const said = packageJson(root)['active-alchemy']
    const named: unknown = isObject(said) && 'db' in said ? said.db : undefined
    if (typeof named === 'string') return Project.#at(root, root, named, 'package.json')
    throw new CommandError(
      'Nothing says where the database is. Name the module that exports it in package.json, "active-alchemy": { "db": "./src/db.js" }, ' +
        "or in active-alchemy.config.js, export default { db: './src/db.js' }, or by --db ./src/db.js.",
      2,
    )
  }

  static async #at(root: string, base: string, named: string, source: string): Promise<Project> {
    const [path = '', name] = named.split('#', 2)
    if (named.includes('://')) throw new CommandError(`${source} names a module that exports the database, not a URI.`, 2)
    const file = resolve(base, path)
    if (!existsSync(file)) throw new CommandError(`There is no file ${file}, which ${source} names.`, 2)
    return new Project(root, file, databaseIn(await loadModule(file, root), name, path))
  }

  /** A configuration names the module, or is it. */
  static async #ofConfig(root: string, config: string): Promise<Project> {
    const module = await loadModule(config, root)
    const main: unknown = module['default']
    const named: unknown = isObject(main) && 'db' in main ? main.db : module['db']
    if (typeof named === 'string') return Project.#at(root, root, named, config)
    return new Project(root, config, databaseIn(isObject(main) ? { ...module, ...main } : module, undefined, config))
  }

  /** Whether its sources are TypeScript: the module that exports the database is, or it stands where a compiler writes. */
  get isTypeScript(): boolean {
    return isTypeScript(this.file) || (this.#built !== undefined && this.file.startsWith(this.#built.out + sep))
  }

  /** Where the compiler writes, and from where it reads. */
  get #built(): { readonly out: string; readonly source: string } | undefined {
    const path = join(this.root, 'tsconfig.json')
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    const said = (name: string): string | undefined =>
      new RegExp(`^\\s*"${name}"\\s*:\\s*"([^"]+)"|[{,]\\s*"${name}"\\s*:\\s*"([^"]+)"`, 'm').exec(text)?.slice(1).find(Boolean)
    const out = said('outDir')
    return out === undefined ? undefined : { out: resolve(this.root, out), source: resolve(this.root, said('rootDir') ?? 'src') }
  }

  /** The source of a folder that a compiler writes. */
  sourceOf(folder: string): string {
    const built = this.#built
    if (!built || !this.isTypeScript || (folder !== built.out && !folder.startsWith(built.out + sep))) return folder
    return built.source + folder.slice(built.out.length)
  }

  /** Whether JavaScript in a folder is an ES module, by the package.json next to it. */
  isModule(folder: string): boolean {
    let at = folder
    while (!existsSync(join(at, 'package.json')) && at !== dirname(at)) at = dirname(at)
    return packageJson(at)['type'] === 'module'
  }

  /** A path as it is told: from the working directory. */
  shown(path: string): string {
    return isAbsolute(path) && path.startsWith(this.root + sep) ? path.slice(this.root.length + 1) : path
  }
}

/** The nearest folder upward with a package.json or a configuration. */
function rootOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (['package.json', ...configFiles].some((name) => existsSync(join(at, name)))) return at
    if (at === dirname(at)) return folder
  }
}

function packageJson(folder: string): Record<string, unknown> {
  const path = join(folder, 'package.json')
  if (!existsSync(path)) return {}
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isObject(read) ? { ...read } : {}
  } catch (error) {
    throw new CommandError(`${path} cannot be read as JSON.`, 2, error)
  }
}

function loadVariables(path: string): void {
  if (!existsSync(path)) throw new CommandError(`There is no file ${path}, which --env-file names.`, 2)
  process.loadEnvFile(path)
}
