import type { ActiveAlchemy } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

async function tags(db: ActiveAlchemy) {
  class Tag extends db.Model('Tag', {
    label: db.Column(db.String(20), { unique: true }),
    color: db.Column(db.String(20), { nullable: true }),
    uses: db.Column(db.Integer, { default: 0 }),
  }) {}
  await db.createAll()
  return Tag
}

/** Requests that find or make the same row at the same time. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('thirty-two requests that find or make one row make one, and each is answered with it', async (world) => {
    const Tag = await tags(world.db)
    const app = await world.start({
      'POST /first': async () => {
        const tag = await Tag.firstOrCreate({ label: 'first' })
        await tag.increment('uses')
        return { json: { id: tag.id, wasCreated: tag.wasCreated } }
      },
      'POST /update': async () => {
        const tag = await Tag.updateOrCreate({ label: 'update' }, { color: 'red' })
        await tag.increment('uses')
        return { json: { id: tag.id, wasCreated: tag.wasCreated } }
      },
      'POST /upsert': async () => {
        const [tag] = await Tag.upsertMany([{ label: 'upsert', color: 'red' }], { on: ['label'] })
        await tag?.increment('uses')
        return { json: { id: tag?.id, wasCreated: false } }
      },
    })
    for (const verb of ['first', 'update', 'upsert']) {
      const answers = await Promise.all(Array.from({ length: 32 }, () => fetch(`${app.url}/${verb}`, { method: 'POST' })))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      const told = (await Promise.all(answers.map((answer) => answer.json()))) as { id: number; wasCreated: boolean }[]
      expect(new Set(told.map(({ id }) => id)).size).toBe(1)
      expect(told.filter(({ wasCreated }) => wasCreated)).toHaveLength(verb === 'upsert' ? 0 : 1)
      expect(await Tag.first({ label: verb })).toMatchObject({ uses: 32 })
    }
    expect(await Tag.count()).toBe(3)
  })

  row('a request that is answered 4xx keeps nothing of what it made, and those that waited for it make it', async (world) => {
    const Tag = await tags(world.db)
    let asked = 0
    const app = await world.start({
      'POST /tags': async () => {
        const isRefused = ++asked % 4 === 1
        await Tag.firstOrCreate({ label: 'news' }).increment('uses')
        return isRefused ? { status: 422, json: {} } : { json: {} }
      },
    })
    const answers = await Promise.all(Array.from({ length: 32 }, () => fetch(`${app.url}/tags`, { method: 'POST' })))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 422)).toHaveLength(8)
    expect(new Set(statuses)).toEqual(new Set([200, 422]))
    expect(await Tag.first({ label: 'news' })).toMatchObject({ uses: statuses.filter((status) => status === 200).length })
    expect(await Tag.count()).toBe(1)
  })
}
