import { AsyncResource } from 'node:async_hooks'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn, until } from '../world.ts'

/** Requests in the sandbox of a test. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row(
    'a request that arrives over a socket is kept, vetoed and rolled back as in production, and undone with the sandbox',
    async (world) => {
      const { db, Note } = world
      const told: string[] = []
      const app = await world.start({
        'POST /kept': async () => {
          await Note.create({ text: 'kept' })
          db.onCommit(() => void told.push('committed'))
          return { status: 201, json: { count: await Note.count() } }
        },
        'POST /refused': async () => {
          await Note.create({ text: 'refused' })
          return { status: 422, json: {} }
        },
        'POST /failed': async () => {
          await Note.create({ text: 'failed' })
          throw new Error('boom')
        },
        'GET /notes': async () => ({ json: (await Note.query().orderBy('id').all()).map(({ text }) => text) }),
      })
      await Note.create({ text: 'before' })
      const box = await db.sandbox()
      const ask = async (method: string, path: string) => {
        const answer = await fetch(app.url + path, { method, headers: box.headers })
        return [answer.status, await answer.json().catch(() => undefined)]
      }
      expect(await ask('POST', '/kept')).toEqual([201, { count: 2 }])
      expect((await ask('POST', '/refused'))[0]).toBe(422)
      expect((await ask('POST', '/failed'))[0]).toBeGreaterThanOrEqual(400)
      expect(await ask('GET', '/notes')).toEqual([200, ['before', 'kept']])
      expect(await Note.count()).toBe(2)
      await until(() => told.length > 0)
      expect(told).toEqual(['committed'])
      const many = await Promise.all(Array.from({ length: 6 }, () => ask('POST', '/kept')))
      expect(many.map(([status]) => status)).toEqual(Array.from({ length: 6 }, () => 201))
      expect(await Note.count()).toBe(8)
      // Nobody else ever saw it.
      expect(await world.texts()).toEqual(['before'])
      await box.rollback()
      expect(await ask('GET', '/notes')).toEqual([200, ['before']])
      await ask('POST', '/kept')
      expect(await world.texts()).toEqual(['before', 'kept'])
    },
  )

  row('a header names the sandbox of a request, where several are open; a client can open none', async (world) => {
    const { db, Note } = world
    const app = await world.start({
      'POST /notes': async () => {
        await Note.create({ text: 'x' })
        return { json: { count: await Note.count() } }
      },
    })
    const post = async (headers: Readonly<Record<string, string>>) => {
      const answer = await fetch(`${app.url}/notes`, { method: 'POST', headers })
      return answer.ok ? await answer.json() : answer.status
    }
    expect(await post({ 'alchemy-sandbox': 'made up' })).toEqual({ count: 1 })
    expect(await world.texts()).toEqual(['x'])
    const open = () => new AsyncResource('test').runInAsyncScope(() => db.sandbox())
    const boxes = database.name === 'postgres' ? await Promise.all([open(), open()]) : [await open()]
    for (const [index, box] of boxes.entries()) {
      for (let times = 0; times <= index; times++) await post(box.headers)
      expect(await post(box.headers)).toEqual({ count: index + 3 })
    }
    for (const box of boxes) await box.rollback()
    expect(await world.texts()).toEqual(['x'])
  })
}
