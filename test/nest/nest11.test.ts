import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { copyForNest11 } from '../frameworks/nest.ts'

const root = join(import.meta.dirname, '../..')

it('the adapter compiles against the types of Nest 11', async () => {
  const folder = await copyForNest11()
  const compile = (): string =>
    execFileSync(process.execPath, ['node_modules/typescript7/bin/tsc', '-p', folder], { cwd: root, encoding: 'utf8' })
  expect(compile()).toBe('')
})
