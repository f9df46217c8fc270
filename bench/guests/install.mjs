// Installs the packages of the guests beside this file, when they are asked for first.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const modules = fileURLToPath(new URL('node_modules/', import.meta.url))
/** All contenders use the project's own: the same client, the same version, the same build. */
const shared = ['better-sqlite3', 'mysql2', 'pg']

/** @returns {string | undefined} Why they are not there. */
export function installGuests(tell) {
  const lock = createHash('sha256')
    .update(readFileSync(`${folder}package-lock.json`))
    .digest('hex')
  const mark = `${modules}.installed-${lock.slice(0, 16)}`
  if (existsSync(mark)) return undefined
  tell('Installing the packages of the guests (once; a client of SQLite is compiled) …')
  const npm = (...parameters) => spawnSync('npm', [...parameters, '--no-audit', '--no-fund'], { cwd: folder, encoding: 'utf8' })
  const { status, stderr } = npm('ci', '--ignore-scripts', '--legacy-peer-deps')
  if (status !== 0) return `npm ci failed: ${stderr.trim().slice(-400)}`
  for (const name of shared) rmSync(`${modules}${name}`, { recursive: true, force: true })
  // Where it cannot be compiled, Sequelize is left out on SQLite, and says so.
  npm('rebuild', 'sqlite3')
  writeFileSync(mark, '')
  return undefined
}
