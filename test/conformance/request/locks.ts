import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

/** Requests that change the same row. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('fifty requests that read, change and write under a lock lose nothing', async (world) => {
    const { Note } = world
    const { id } = await Note.create({ text: 'counter' })
    const app = await world.start({
      'POST /lock': async () => {
        const note = await Note.get(id, { forUpdate: true })
        await note?.update({ n: note.n + 1 })
        return { json: {} }
      },
      'POST /increment': async () => ({ json: await Note.get(id).increment('n') }),
    })
    const post = (path: string): Promise<Response> => fetch(`${app.url}${path}`, { method: 'POST' })
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => (await post(index % 2 ? '/lock' : '/increment')).status),
    )
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect((await Note.get(id))?.n).toBe(50)
  })
}
