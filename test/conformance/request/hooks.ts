import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

/** What runs after the commit. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('onCommit runs after the commit and before the answer, and not after a rollback', async (world) => {
    const told: string[] = []
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'kept' })
        world.db.onCommit(async () => void told.push(...(await world.texts())))
        return { json: {} }
      },
      'POST /lost': async () => {
        world.db.onCommit(() => void told.push('never'))
        world.db.session.onRollback(() => void told.push('rolled back'))
        await world.Note.create({ text: 'lost' })
        throw new Error('boom')
      },
    })
    await fetch(`${app.url}/notes`, { method: 'POST' })
    await fetch(`${app.url}/lost`, { method: 'POST' })
    expect(told).toEqual(['kept', 'rolled back'])
  })
}
