import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

/** Runs `text` in a project that has all that is installed here but one package, and gives what it prints. */
function without(name: string, text: string): unknown {
  const project = mkdtempSync(join(tmpdir(), 'alchemy-driver-'))
  try {
    const modules = join(project, 'node_modules')
    mkdirSync(modules)
    for (const each of readdirSync(join(root, 'node_modules'))) {
      if (each !== name.split('/')[0] && !each.startsWith('.')) symlinkSync(join(root, 'node_modules', each), join(modules, each))
    }
    writeFileSync(join(project, 'app.mjs'), `import { ActiveAlchemy } from '@active-alchemy/core'\n${text}`)
    const { stdout, stderr } = spawnSync(process.execPath, ['--preserve-symlinks', 'app.mjs'], { cwd: project, encoding: 'utf8' })
    expect(stderr).toBe('')
    return JSON.parse(stdout)
  } finally {
    rmSync(project, { recursive: true })
  }
}

it.each([
  ['pg', 'postgresql://127.0.0.1/x', ''],
  ['mysql2', 'mysql://127.0.0.1/x', ''],
  ['better-sqlite3', 'sqlite://', ', or take the SQLite of Node.js, from 24 on: sqlite:///file.db?driver=node'],
])('a project without %s is told to install it', (driver, uri, otherwise) => {
  const text = `try { await new ActiveAlchemy('${uri}').dataSource.query('select 1') } catch (error) { console.log(JSON.stringify([error.code, error.message])) }`
  expect(without(driver, text)).toEqual([
    'MISSING_DRIVER',
    `The package ${driver} is not installed. Run: npm install ${driver}${otherwise}`,
  ])
})

it.each([
  ['libphonenumber-js', 'PhoneNumberType()'],
  ['@node-rs/argon2', "PasswordType({ scheme: 'argon2' })"],
  ['bcryptjs', "PasswordType({ scheme: 'bcrypt' })"],
])('a project without %s is told to install it where a column of %s is defined, and not before', (name, type) => {
  const text = `const db = new ActiveAlchemy('sqlite://')
const said = [db.utils !== undefined]
try { db.${type} } catch (error) { said.push(error.code, error.message) }
console.log(JSON.stringify(said))`
  const message = `${type} needs the package ${name}, which is not installed. Run: npm install ${name}`
  expect(without(name, text)).toEqual([true, 'MISSING_PACKAGE', message])
})

it('a hash of a scheme whose package is missing is an error that names it, and no wrong password', () => {
  const text = `const db = new ActiveAlchemy('sqlite://')
class User extends db.Model('User', { password: db.Column(db.PasswordType()) }) {}
await db.createAll()
await db.dataSource.query("insert into user (id, password) values (1, '$2b$10$abc')")
const { password } = await User.getOrError(1)
try { await password.verify('x') } catch (error) { console.log(JSON.stringify([error.code, error.message])) }`
  const message = 'verify() of a password that bcrypt hashed needs the package bcryptjs, which is not installed. Run: npm install bcryptjs'
  expect(without('bcryptjs', text)).toEqual(['MISSING_PACKAGE', message])
})
