import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

it.each([
  ['pg', 'postgresql://127.0.0.1/x'],
  ['mysql2', 'mysql://127.0.0.1/x'],
  ['better-sqlite3', 'sqlite://'],
])('a project without %s is told to install it', (driver, uri) => {
  const project = mkdtempSync(join(tmpdir(), 'alchemy-driver-'))
  try {
    // All that is installed here but the driver.
    const modules = join(project, 'node_modules')
    mkdirSync(modules)
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (name !== driver && !name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name))
    }
    const text = `import { ActiveAlchemy } from '@active-alchemy/core'
try { await new ActiveAlchemy('${uri}').dataSource.query('select 1') } catch (error) { console.log(JSON.stringify([error.code, error.message])) }`
    writeFileSync(join(project, 'app.mjs'), text)
    const { stdout, stderr } = spawnSync(process.execPath, ['--preserve-symlinks', 'app.mjs'], { cwd: project, encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(['MISSING_DRIVER', `The package ${driver} is not installed. Run: npm install ${driver}`])
  } finally {
    rmSync(project, { recursive: true })
  }
})
