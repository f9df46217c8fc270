import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

/** What an application is told of the statements of a request. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a request that sends one statement more than twenty times is told so, once, with the place', async (world) => {
    const ask = (times: number) => async () => {
      for (let time = times; time > 0; time -= 1) await world.Note.exists({ text: `n${time}` })
      return { json: { sent: world.db.session.statements.length } }
    }
    const app = await world.start({ 'GET /few': ask(20), 'GET /many': ask(50) })
    expect(await (await fetch(`${app.url}/few`)).json()).toEqual({ sent: 20 })
    expect(world.reports).toEqual([])
    expect(await (await fetch(`${app.url}/many`)).json()).toEqual({ sent: 50 })
    expect(world.reports).toMatchObject([{ kind: 'repeated-statement', label: 'GET /many', database: expect.any(String) as string }])
    expect(world.reports[0]?.message).toMatch(/more than 20 times at .*statements\.ts:\d+:\d+: SELECT /)
    expect(world.reports[0]?.message).not.toContain('n50')
  })
}
