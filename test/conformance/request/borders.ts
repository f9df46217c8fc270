import { request } from 'node:http'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { sharedQueue } from '../session/borders.ts'
import { latch, rowIn, until } from '../world.ts'

/** What belongs to one request, and to no other. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a queue that requests share writes each row in its own request, where db.bind says so', async (world) => {
    const { db, Note } = world
    const enqueue = sharedQueue()
    const [wrote, queued] = [latch(), latch()]
    const app = await world.start({
      'POST /first': async () => {
        await enqueue(db.bind(() => Note.create({ text: 'first' })))
        wrote.open()
        if (!database.lacks['concurrent writers']) await queued.promise
        throw new Error('the first fails')
      },
      'POST /second': async () => {
        const written = enqueue(db.bind(() => Note.create({ text: 'second' })))
        queued.open()
        await written
        return { json: {} }
      },
    })
    const first = fetch(`${app.url}/first`, { method: 'POST' })
    await wrote.promise
    const second = await fetch(`${app.url}/second`, { method: 'POST' })
    expect([(await first).status, second.status]).toEqual([500, 200])
    expect(await world.texts()).toEqual(['second'])
  })

  row('a session that one request keeps in a variable is of no use to another', async (world) => {
    const { db, Note } = world
    const [taken, done] = [latch(), latch()]
    let kept = undefined as unknown as typeof db.session
    const app = await world.start({
      'POST /first': async () => {
        await Note.create({ text: 'first' })
        kept = db.session
        taken.open()
        await done.promise
        return { json: {} }
      },
      'POST /second': async () => {
        const codes = await Promise.all(
          [() => kept.query(Note).all(), () => kept.commit(), () => kept.manager.query('select 1')].map((use) =>
            use().then(
              () => 'accepted',
              (error: unknown) => (error as { code?: string }).code,
            ),
          ),
        )
        return { json: codes }
      },
    })
    const first = fetch(`${app.url}/first`, { method: 'POST' })
    await taken.promise
    const second = await fetch(`${app.url}/second`, { method: 'POST' })
    expect(await second.json()).toEqual(['FOREIGN_SESSION', 'FOREIGN_SESSION', 'FOREIGN_SESSION'])
    done.open()
    expect((await first).status).toBe(200)
    expect(await world.texts()).toEqual(['first'])
  })

  row('what a handler does after its client has left is refused as that, and not as a mistake', async (world) => {
    const { db, Note } = world
    const [entered, left] = [latch(), latch<unknown>()]
    const app = await world.start({
      'POST /notes': async () => {
        await Note.create({ text: 'lost' })
        entered.open()
        await until(() => db.dataSource.driver.pool.leased === 0)
        left.open(await Note.create({ text: 'late' }).then(undefined, (error: unknown) => error))
        return { json: {} }
      },
    })
    const leaving = request(`${app.url}/notes`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await entered.promise
    leaving.destroy()
    expect(await left.promise).toMatchObject({ code: 'SCOPE_CLOSED', message: expect.stringMatching(/client of .* left/) as string })
    expect(await world.texts()).toEqual([])
  })

  row('an answer does not wait for a hook that never ends', async (world) => {
    const { db, Note } = world
    const app = await world.start({
      'POST /notes': async () => {
        await Note.create({ text: 'kept' })
        db.onCommit(() => new Promise(() => undefined))
        return { json: {} }
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
    expect(await world.texts()).toEqual(['kept'])
  })

  row('an answer waits for a hook that says so', async (world) => {
    const { db, Note } = world
    const told: string[] = []
    const app = await world.start({
      'POST /notes': async () => {
        await Note.create({ text: 'kept' })
        db.onCommit(
          async () => {
            await new Promise((resolve) => setTimeout(resolve, 20))
            told.push(`kept ${(await world.texts()).length}`)
          },
          { await: true },
        )
        return { json: {} }
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
    expect(told).toEqual(['kept 1'])
  })
}
