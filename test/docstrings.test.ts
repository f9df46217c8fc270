import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ActiveAlchemy, Query } from '@active-alchemy/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Example, examples, tags } from './docstrings/examples.ts'
import { programOf } from './docstrings/program.ts'
import { setting } from './docstrings/setting.ts'
import { compilePrograms, held, holdLines, unsaidBy, writePrograms } from './programs.ts'

/** Examples that are compiled, and not run, each with the reason. */
const onlyCompiled: Readonly<Record<string, string>> = {
  'core/src/session/session.ts Session.setLocal': 'SQLite has no settings of a transaction',
}

const folder = join(import.meta.dirname, '.docstrings')
const all = examples()
const fileOf = ({ name }: Example): string => name.replace(/\.ts\b/, '').replaceAll(/\W+/g, '-')

describe('the examples in the comments of the sources', () => {
  const before = process.cwd()
  let empty: string

  beforeAll(async () => {
    const { db, ...given } = await setting(ActiveAlchemy)
    await db.close()
    const names = new Set(['db', ...Object.keys(given)])
    writePrograms(folder, new Map(all.map((example) => [fileOf(example), `${held(programOf(example, names))}\n`])))
    holdLines()
    // A query that nobody sends is not tried.
    vi.stubGlobal('sent', (value: unknown) => (value instanceof Query ? value.all() : value))
    vi.stubEnv('KEY', 'a key that is long enough for nobody to guess')
  })
  afterAll(() => {
    vi.unstubAllEnvs()
    vi.unstubAllGlobals()
    rmSync(folder, { recursive: true })
  })

  // Their databases are files where they run.
  beforeEach(() => process.chdir((empty = mkdtempSync(join(tmpdir(), 'alchemy-docstring-')))))
  afterEach(() => {
    process.chdir(before)
    rmSync(empty, { recursive: true })
  })

  it('compile', () => compilePrograms(folder))

  it('are all found, and all run but for a few', () => {
    const names = all.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    expect(Object.keys(onlyCompiled).filter((name) => !names.includes(name))).toEqual([])
    expect(names).toHaveLength(tags())
  })

  for (const example of all) {
    const reason = onlyCompiled[example.name]
    it.skipIf(reason)(reason ? `${example.name} (${reason})` : example.name, async () => {
      const path = join(folder, `${fileOf(example)}.ts`)
      expect(await unsaidBy(path, example.text)).toEqual([])
      const { db } = (await import(path)) as { db?: ActiveAlchemy }
      await db?.close()
    })
  }
})
