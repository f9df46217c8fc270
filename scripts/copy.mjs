// A copy of this repository in which other versions of some packages are installed, for suites to run in.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root, run } from './packed.mjs'

/** Installs one package with what it depends on, once, and keeps it. @returns Its `node_modules`. */
export function installed(name, version, { node = process.execPath, scripts = false } = {}) {
  const major = scripts ? `node-${run(node, ['-p', 'process.versions.modules']).trim()}` : 'any'
  const folder = join(root, '.cache', 'packages', major, `${name}@${version}`)
  const modules = join(folder, 'node_modules')
  if (existsSync(join(modules, name, 'package.json'))) return modules
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const parameters = ['install', '--prefix', folder, '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel', 'error']
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` }
  run('npm', [...parameters, ...(scripts ? [] : ['--ignore-scripts']), `${name}@${version}`], { cwd: folder, env })
  return modules
}

/** Copies `from` to `to`; files of packages are linked, where the disk is the same, since nobody writes them. */
function link(from, to) {
  try {
    run('cp', ['-al', from, to])
  } catch {
    cpSync(from, to, { recursive: true, verbatimSymlinks: true })
  }
}

/** Copies this repository. The caller removes it. */
export function copyRepository() {
  const copy = mkdtempSync(join(tmpdir(), 'alchemy-copy-'))
  const left = new Set(['.git', '.cache', '.nx', 'coverage', 'reports'])
  const isTemporary = (name) => name.startsWith('.vite') || name === '.cache'
  const place = (from, to, depth) => {
    mkdirSync(to, { recursive: true })
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      const [source, target] = [join(from, entry.name), join(to, entry.name)]
      if (depth === 0 && left.has(entry.name)) continue
      if (entry.name === 'node_modules') {
        mkdirSync(target)
        for (const name of readdirSync(source)) if (!isTemporary(name)) link(join(source, name), join(target, name))
      } else if (entry.isDirectory() && depth < 2) place(source, target, depth + 1)
      else cpSync(source, target, { recursive: true, verbatimSymlinks: true })
    }
  }
  place(root, copy, 0)
  return copy
}

/** Puts a package, with what it depends on, in the place of the one at `at`. */
export function replace(copy, at, name, version, options) {
  const modules = installed(name, version, options)
  const target = join(copy, at)
  rmSync(target, { recursive: true, force: true })
  cpSync(join(modules, name), target, { recursive: true, verbatimSymlinks: true })
  for (const entry of readdirSync(modules)) {
    if (entry.startsWith('.')) continue
    for (const each of entry.startsWith('@') ? readdirSync(join(modules, entry)).map((part) => join(entry, part)) : [entry]) {
      if (each !== name) cpSync(join(modules, each), join(target, 'node_modules', each), { recursive: true, verbatimSymlinks: true })
    }
  }
}

/** Runs suites in a copy; what they print is printed. @returns Whether they passed. */
export function passes(copy, suites, { env = {}, node = process.execPath } = {}) {
  try {
    console.log(
      run(node, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', ...suites], {
        cwd: copy,
        env: { ...process.env, ...env },
      }).slice(-400),
    )
    return true
  } catch (error) {
    // What has failed stands behind all that was printed meanwhile.
    const failures = error.message.lastIndexOf(' Failed Tests ')
    console.error(error.message.slice(Math.max(failures, 0)).slice(0, 20_000))
    return false
  }
}
