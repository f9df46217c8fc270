import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const cache = join(import.meta.dirname, '../../node_modules/.cache/active-alchemy')

/** A program that a test starts, and where it looks for its libraries. */
export interface Program {
  readonly path: string
  /** Folder under which its packages lie; `undefined` where it is installed. */
  readonly root: string | undefined
}

/**
 * A program that is installed, else that of Debian's packages, unpacked beside the node modules.
 *
 * @param path Where the package has it: `usr/bin/redis-server`.
 * @param packages It, and those with its libraries.
 * @returns `undefined` if there is none.
 */
export function programOf(path: string, packages: readonly string[]): Program | undefined {
  if (existsSync(`/${path}`)) return { path: `/${path}`, root: undefined }
  const root = join(cache, path.replaceAll('/', '-'))
  const unpacked = { path: join(root, path), root }
  if (existsSync(unpacked.path)) return unpacked
  try {
    mkdirSync(root, { recursive: true })
    execFileSync('apt-get', ['download', ...packages], { cwd: root, stdio: 'ignore' })
    for (const file of readdirSync(root).filter((name) => name.endsWith('.deb'))) execFileSync('dpkg-deb', ['-x', join(root, file), root])
    return existsSync(unpacked.path) ? unpacked : undefined
  } catch {
    return undefined
  }
}

/** The environment in which a program of `root` finds its libraries. */
export function environmentOf(root: string): NodeJS.ProcessEnv {
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim()
  const triplet = architecture === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  return { ...process.env, LD_LIBRARY_PATH: join(root, 'usr/lib', triplet) }
}
