import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { latch, rowIn } from '../world.ts'

/** What runs after the commit. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('onCommit runs after the commit and not after a rollback; with await, before the answer', async (world) => {
    const told: string[] = []
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'kept' })
        world.db.onCommit(async () => void told.push(...(await world.texts())), { await: true })
        return { json: {} }
      },
      'POST /lost': async () => {
        world.db.onCommit(() => void told.push('never'), { await: true })
        world.db.session.onRollback(() => void told.push('rolled back'), { await: true })
        await world.Note.create({ text: 'lost' })
        throw new Error('boom')
      },
    })
    await fetch(`${app.url}/notes`, { method: 'POST' })
    expect(told).toEqual(['kept'])
    await fetch(`${app.url}/lost`, { method: 'POST' })
    expect(told).toEqual(['kept', 'rolled back'])
  })

  row('the answer does not wait for an onCommit that is not awaited', async (world) => {
    const answered = latch()
    const told = latch()
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'kept' })
        world.db.onCommit(async () => {
          await answered.promise
          told.open()
        })
        return { json: {} }
      },
    })
    const { status } = await fetch(`${app.url}/notes`, { method: 'POST' })
    answered.open()
    await told.promise
    expect(status).toBe(200)
  })
}
