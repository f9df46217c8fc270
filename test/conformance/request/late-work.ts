import { once } from 'node:events'
import { expect, vi } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { latch, rowIn, until, type World } from '../world.ts'

/** Work that nobody awaits, and work that comes after the answer. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('what comes after the answer is refused, and told', async (world) => {
    const late = latch<unknown>()
    const app = await world.start({
      'POST /notes': async ({ res }) => {
        await world.Note.create({ text: 'kept' })
        once(res, 'finish')
          .then(() => world.Note.create({ text: 'late' }))
          .catch((error: unknown) => late.open(error))
        return { json: {} }
      },
    })
    await (await fetch(`${app.url}/notes`, { method: 'POST' })).text()
    expect(await late.promise).toMatchObject({ code: 'SCOPE_CLOSED', message: expect.stringContaining('POST /notes') as string })
    expect(await world.texts()).toEqual(['kept'])
  })

  row('work that nobody awaits and that comes too late does not end the process', async (world) => {
    const called = latch()
    const app = await world.start({
      'POST /notes': async ({ res }) => {
        await world.Note.create({ text: 'kept' })
        res.once('finish', () => {
          void world.Note.create({ text: 'late' })
          called.open()
        })
        return { json: {} }
      },
    })
    await (await fetch(`${app.url}/notes`, { method: 'POST' })).text()
    await called.promise
    if (framework.lacks['events in the session']) await vi.waitFor(async () => expect(await world.texts()).toEqual(['kept', 'late']))
    else await until(() => world.reports.some(({ kind }) => kind === 'scope-closed'))
  })

  row('a chain that began before the answer is waited for, whole', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        const note = await world.Note.create({ text: 'old' })
        void world.Note.get(note.id).update({ text: 'new' }).increment('n', 2).update({ text: 'newest' })
        return { json: {} }
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
    expect(await world.texts()).toEqual(['newest'])
  })

  row('a verb that nobody awaits and that fails makes the answer an error', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        void world.Note.get(4711).update({ text: 'missing' })
        return { json: { ok: true } }
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(404)
    expect(await world.texts()).toEqual([])
    expect(world.reports).toMatchObject([{ kind: 'not-awaited', label: 'POST /notes' }])
  })

  row('whichever verb it is that nobody awaits and that fails, the answer is an error, and the process goes on', async (world) => {
    const { db, Note } = world
    const verbs: Readonly<Record<string, () => unknown>> = {
      createMany: () => Note.createMany([{ nope: 1 } as never]),
      count: () => Note.count({ nope: 1 } as never),
      'count of SQL': () => Note.count(db.sql`nope = 1`),
      exists: () => Note.exists({ nope: 1 } as never),
      paginate: () => Note.paginate({ perPage: 0 }),
      'toDict of a chain': () => Note.get(4711).toDict(),
      'getMany of a wrong key': () => Note.getMany([{}] as never),
      firstOrCreate: () => Note.firstOrCreate({ nope: 1 } as never),
    }
    let verb: (() => unknown) | undefined
    const app = await world.start({
      'POST /notes': async () => {
        await Note.create({ text: 'lost' })
        void verb?.()
        return { json: { ok: true } }
      },
    })
    const unseen: string[] = []
    for (const name of Object.keys(verbs)) {
      world.reports.length = 0
      verb = verbs[name]
      const { status } = await fetch(`${app.url}/notes`, { method: 'POST' })
      const isTold = world.reports.some(({ kind }) => kind === 'not-awaited')
      if (status < 400 || !isTold) unseen.push(`${name}: ${status} ${String(world.reports.map(({ kind }) => kind))}`)
    }
    expect(unseen).toEqual([])
    expect(await world.texts()).toEqual([])
  })

  for (const [what, fail] of [
    ['a query', async ({ Note }: World) => void Note.filter({ text: 'none' }).firstOrError()],
    ['a bulk write', async ({ Note }: World) => void Note.query().updateAll({ n: 'one' } as never)],
    ['a commit', async (world: World) => (await world.breakCommit(), void world.db.commit())],
  ] as const) {
    row(`${what} that nobody awaits and that fails makes the answer an error, and does not end the process`, async (world) => {
      const app = await world.start({
        'POST /notes': async () => {
          await world.Note.create({ text: 'lost' })
          await fail(world)
          return { json: { ok: true } }
        },
      })
      expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBeGreaterThanOrEqual(400)
      expect(await world.texts()).toEqual([])
      expect(world.reports.map(({ kind }) => kind)).toContain('not-awaited')
    })
  }
}
