import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const program = join(import.meta.dirname, 'processes/hydrate.js')
const told = (...flags: string[]): { generates: boolean; again: unknown } =>
  JSON.parse(execFileSync(process.execPath, [...flags, program], { encoding: 'utf8' })) as { generates: boolean; again: unknown }

describe('records of rows', () => {
  it('are the same where code may be generated and where it may not', () => {
    const [generated, interpreted] = [told(), told('--disallow-code-generation-from-strings')]
    expect([generated.generates, interpreted.generates]).toEqual([true, false])
    expect(interpreted.again).toEqual(generated.again)
    expect(generated.again).toMatchObject({
      id: 1,
      name: 'Bob',
      isActive: true,
      settings: { theme: 'light' },
      'odd name': 7,
      before: false,
      after: true,
      isUser: true,
      keys: ['id', 'createdAt', 'updatedAt', 'deletedAt', 'name', 'isActive', 'settings', 'odd name'],
    })
  })
})
