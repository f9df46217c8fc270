import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FreshDatabase } from '../databases/database.ts'
import { servers } from '../matrix.ts'
import { run } from '../processes.ts'
import { clients } from './clients.ts'
import { rows } from './rows.ts'

// `npm run test:runners` has them in jest too, and all of them with the packages as they are published, two files at once.
describe.each(servers)('tests that have a sandbox each, on $name', (database) => {
  const hasSeveral = database.name === 'postgres'
  let fresh: FreshDatabase
  beforeAll(async () => {
    fresh = await database.create()
  })
  afterAll(() => fresh.drop())

  describe.each(clients)('vitest with %s', (_client, start) => {
    rows({ beforeAll, beforeEach, afterEach, afterAll, test: it }, start, { uri: () => fresh.uri, hasSeveral, files: 1 })
  })

  it('node:test with each of them', async () => {
    // Beside the packages, where it finds them.
    const folder = join(import.meta.dirname, `../.runners-${database.name}`)
    const options = { bundle: true, packages: 'external', format: 'esm', target: 'node20', outExtension: { '.js': '.mjs' } } as const
    await build({
      ...options,
      entryPoints: [join(import.meta.dirname, 'node-test.ts')],
      outdir: folder,
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    })
    // Beside vitest it would take itself for a part of its run.
    const { code, output } = await run({ DATABASE_URL: fresh.uri, NODE_TEST_CONTEXT: undefined }, `.runners-${database.name}/node-test.mjs`)
    rmSync(folder, { recursive: true })
    expect(output).toContain(`pass ${clients.length * (hasSeveral ? 7 : 6)}`)
    expect(code).toBe(0)
  })
})
