import type { BindOptions } from '@active-alchemy/core/http'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn, write } from '../world.ts'

/** Options that JavaScript takes and that mean something else. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  for (const option of ['rollbackWhen', 'skip', 'serverTiming'] as const) {
    for (const [what, decide] of [
      ['a promise', async () => false],
      ['a promise that rejects', () => Promise.reject(new Error('nobody awaits it'))],
    ] as const) {
      row(`${what} of ${option} is an error that names it, and not what every promise is taken for`, async (world) => {
        const options: BindOptions = { [option]: decide }
        const app = await world.start({ 'POST /notes': write(world, 'lost') }, { options, errors: 'framework' })
        const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
        expect([answer.status, await world.texts()]).toEqual([500, []])
        const worded = await world.start({ 'POST /notes': write(world, 'lost') }, { options })
        const { status } = await fetch(`${worded.url}/notes`, { method: 'POST' })
        expect([status, await world.texts()]).toEqual([500, []])
      })
    }
  }

  row('what another package has put on every object is no option', async (world) => {
    const everyObject: object = Object.prototype
    const names = ['rollbackWhen', 'report']
    // As an enumerable one it would end in TypeORM's statements.
    for (const name of names) Object.defineProperty(everyObject, name, { value: () => true, configurable: true })
    try {
      const app = await world.start({ 'POST /notes': write(world, 'kept') })
      expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
      expect(await world.texts()).toEqual(['kept'])
    } finally {
      for (const name of names) Reflect.deleteProperty(everyObject, name)
    }
  })
}
