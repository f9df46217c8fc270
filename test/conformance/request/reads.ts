import { ScopeClosedError } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { latch, rowIn } from '../world.ts'

/** Requests that write nothing. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a request that touches no database opens no connection and sends no statement', async (world) => {
    const app = await world.start({ 'GET /static': () => ({ json: { still: true } }) })
    world.statements.length = 0
    for (let time = 0; time < 5; time++) expect((await fetch(`${app.url}/static`)).status).toBe(200)
    expect(world.statements).toEqual([])
  })

  row('a request that only reads holds nothing, opens no transaction, and its answer waits for nothing', async (world) => {
    const late = latch<unknown>()
    const app = await world.start({
      'GET /notes': async () => {
        const notes = await world.Note.query().all()
        return { json: { notes: notes.length, leased: world.db.dataSource.driver.pool.leased } }
      },
      'GET /raw': async () => {
        await world.Note.query().all()
        return {
          raw: async (res) => {
            res.writeHead(200)
            // With nothing to commit the first byte leaves at once, and the session is over with it.
            const headWasSent = res.write('fine')
            late.open([
              headWasSent,
              await world.Note.query()
                .all()
                .catch((error: unknown) => error),
            ])
            res.end()
          },
        }
      },
    })
    world.statements.length = 0
    expect(await (await fetch(`${app.url}/notes`)).json()).toEqual({ notes: 0, leased: 0 })
    expect(world.statements).toHaveLength(1)
    expect(await (await fetch(`${app.url}/raw`)).text()).toBe('fine')
    expect(await late.promise).toEqual([true, expect.any(ScopeClosedError)])
  })
}
