import { once } from 'node:events'
import { request } from 'node:http'
import { expect } from 'vitest'
import { type TestDatabase, work } from '../databases/database.ts'
import type { Framework } from '../frameworks/framework.ts'
import { asJson, latch, rowIn, until } from './world.ts'

const many = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** The promises of the library, each as a storm of requests that would break it. */
export function promiseRows(framework: Framework, database: TestDatabase): void {
  const promise = rowIn(framework, database)

  promise('1 an honest answer: no success leaves before its commit, and a failed commit is an error', async (world) => {
    const app = await world.start({
      'POST /notes': async ({ body }) => {
        const { text, breaks } = body as { text: string; breaks: boolean }
        await world.Note.create({ text })
        if (breaks) await world.breakCommit()
        return { json: { text } }
      },
    })
    const lies = await Promise.all(
      many(60).map(async (index) => {
        const breaks = index % 3 === 0
        const body = JSON.stringify({ text: `n${index}`, breaks })
        const answer = await fetch(`${app.url}/notes`, { method: 'POST', headers: asJson, body })
        const isThere = (await world.texts()).includes(`n${index}`)
        return answer.ok === isThere && answer.ok === !breaks ? 0 : 1
      }),
    )
    expect(lies.reduce<number>((sum, lie) => sum + lie, 0)).toBe(0)
  })

  promise('2 all or nothing: an error, a veto, a timeout or a client that left undoes the whole request', async (world) => {
    const wrote = latch()
    const app = await world.start({
      'POST /notes': async ({ body, res }) => {
        const { text, end } = body as { text: string; end: string }
        await world.Note.create({ text: `${text} first` })
        if (end === 'leave') {
          wrote.open()
          await once(res, 'close')
        }
        if (end === 'throw') throw new Error('boom')
        await world.Note.create({ text: `${text} second` }).then(undefined, () => undefined)
        return { json: {}, status: end === 'veto' ? 409 : 200 }
      },
    })
    const post = async (text: string, end: string): Promise<number> =>
      (await fetch(`${app.url}/notes`, { method: 'POST', headers: asJson, body: JSON.stringify({ text, end }) })).status
    const ends = ['keep', 'throw', 'veto']
    const answers = await Promise.all(many(30).map((index) => post(`n${index}`, ends[index % 3] ?? 'keep')))
    expect(answers).toEqual(many(30).map((index) => [200, 500, 409][index % 3]))
    const leaving = request(`${app.url}/notes`, { method: 'POST', headers: asJson }).on('error', () => undefined)
    leaving.end(JSON.stringify({ text: 'left', end: 'leave' }))
    await wrote.promise
    leaving.destroy()
    await world.settled()
    const expected = many(30)
      .filter((index) => index % 3 === 0)
      .flatMap((index) => [`n${index} first`, `n${index} second`])
    expect((await world.texts()).sort()).toEqual(expected.sort())
  })

  promise('3 the connection always comes back, clean, however a request ends', async (world) => {
    const app = await world.start({
      'POST /notes': async ({ body, res }) => {
        const { end } = body as { end: number }
        if (end === 1) return { json: {} }
        await world.Note.create({ text: 'x' })
        if (end === 2) throw new Error('boom')
        if (end === 3) await world.breakCommit()
        if (end === 4) res.destroy()
        if (end === 5) await world.db.session.manager.query('select no_such_column from note').catch(() => undefined)
        if (end === 6) void world.Note.create({ text: 'not awaited' })
        return { json: {}, status: end === 7 ? 400 : 200 }
      },
    })
    await Promise.all(
      many(64).map((index) =>
        fetch(`${app.url}/notes`, { method: 'POST', headers: asJson, body: JSON.stringify({ end: index % 8 }) }).then(
          (answer) => answer.arrayBuffer(),
          () => undefined,
        ),
      ),
    )
    await world.settled()
    expect(world.db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
    // Each of them can be borrowed, and holds nothing of who had it before.
    const { size } = world.db.dataSource.driver.pool
    const runners = await Promise.all(many(size).map(async () => world.db.dataSource.driver.lease('read')))
    const states = await Promise.all(runners.map(async (runner) => (await runner.query('select 1'), runner.connectionStatus)))
    for (const runner of runners) await runner.release()
    expect(new Set(states)).toEqual(new Set(['idle']))
  })

  promise('4 nothing leaks between requests: no session, no uncommitted row, no record', async (world) => {
    const together = latch()
    let inside = 0
    const sessions = new Set<unknown>()
    const records = new Set<unknown>()
    const shared = await world.Note.create({ text: 'shared' })
    const app = await world.start({
      'GET /notes': async () => {
        sessions.add(world.db.session)
        records.add(await world.Note.get(shared.id))
        inside += 1
        if (inside === 8) together.open()
        await together.promise
        const before = await world.Note.count()
        const own = await world.Note.create({ text: 'own' })
        const seen = await world.Note.count()
        return { json: { before, seen, own: own.id }, status: 409 }
      },
    })
    const answers = await Promise.all(
      many(8).map(async () => (await (await fetch(`${app.url}/notes`)).json()) as { before: number; seen: number }),
    )
    expect(answers.filter(({ before, seen }) => before !== 1 || seen !== 2)).toEqual([])
    expect([sessions.size, records.size]).toEqual([8, 8])
    expect(await world.texts()).toEqual(['shared'])
  })

  promise('5 what a client sends is data: never SQL, an operator, a key, a guarded column', async (world) => {
    const note = await world.Note.create({ text: 'kept' })
    const app = await world.start({
      'POST /notes': async ({ body }) => ({ json: await world.Note.create(body as never) }),
      'POST /find': async ({ body }) => ({ json: await world.Note.filter(body as never).all() }),
      'POST /get': async ({ body }) => ({ json: await world.Note.getOrError((body as { id: unknown }).id) }),
      'POST /update': async ({ body }) => {
        const record = await world.Note.getOrError(note.id)
        return { json: await record.update(body as never) }
      },
    })
    const attacks: readonly (readonly [string, string])[] = [
      ['/notes', '{"text":"x","id":1}'],
      ['/notes', '{"text":{"$gt":""}}'],
      ['/notes', '{"text":"x","isAdmin":true}'],
      ['/notes', '{"text":"x","__proto__":{"a":1}}'],
      ['/notes', '{"text":"x","deletedAt":null}'],
      ['/find', '{"text":{"$ne":""}}'],
      ['/find', '{"text = text or text":"x"}'],
      ['/find', '["1=1"]'],
      ['/get', '{"id":{"$gt":0}}'],
      ['/get', '{"id":"1 or 1=1"}'],
      ['/get', '{"id":[1]}'],
      ['/update', '{"id":2}'],
      ['/update', '{"isDeleted":true}'],
      ['/update', '{"n":"n + 1"}'],
    ]
    const statuses = await Promise.all(
      attacks.map(async ([path, body]) => (await fetch(`${app.url}${path}`, { method: 'POST', headers: asJson, body })).status),
    )
    expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([])
    expect(await world.texts()).toEqual(['kept'])
  })

  promise('6 the short way is the fast way: one statement where one is enough, none where none is needed', async (world) => {
    const app = await world.start({
      'GET /none': () => ({ json: {} }),
      'GET /one': async () => ({ json: await world.Note.get(1) }),
      'POST /notes': async () => ({ json: await world.Note.create({ text: 'a' }) }),
      'POST /update': async () => ({ json: await world.Note.getOrError(1).update({ text: 'b' }) }),
    })
    const cost = async (method: string, path: string): Promise<[number, number]> => {
      world.statements.length = 0
      expect((await fetch(`${app.url}${path}`, { method })).status).toBe(200)
      await until(() => world.db.dataSource.driver.pool.leased === 0)
      return [work(world.statements).length, world.statements.length]
    }
    expect(await cost('GET', '/none')).toEqual([0, 0])
    expect(await cost('POST', '/notes')).toEqual([1, 3])
    expect(await cost('GET', '/one')).toEqual([1, 1])
    expect(await cost('POST', '/update')).toEqual([2, 4])
  })
}
