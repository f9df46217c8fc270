// The packages as the registry would hold them.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')
export const packages = readdirSync(join(root, 'packages'))
/** Those that an application imports. */
export const libraries = packages.filter((name) => !name.startsWith('create-'))

/** Runs a command to its end, and gives what it printed. @throws {Error} It failed; the message holds all that it printed. */
export function run(command, parameters, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  })
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} failed:\n${error?.message ?? ''}${stdout}${stderr}`)
  return stdout
}

/** Packs every package into `folder`. @returns For each its name, the path of its tarball, and the paths of its files. */
export function pack(folder) {
  const parameters = ['pack', '--json', '--pack-destination', folder, ...packages.flatMap((name) => ['-w', join('packages', name)])]
  return JSON.parse(run('npm', parameters)).map(({ name, filename, files }) => ({
    name,
    tarball: join(folder, filename),
    paths: files.map(({ path }) => path),
  }))
}

/** Runs one step, and says how long it took. */
export async function step(title, work) {
  const started = Date.now()
  const result = await work()
  console.log(`ok     ${title} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  return result
}
