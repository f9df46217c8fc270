import { ActiveAlchemy } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { noteModel, rowIn } from '../world.ts'

/** Two databases in one request. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('two databases commit with one answer; what the second refuses is told; the first refuses for both', async (world) => {
    const fresh = await database.create()
    const second = new ActiveAlchemy(fresh.uri, { name: 'second' })
    const Other = noteModel(second)
    await second.createAll()
    for (const sql of database.prepareBreak) await second.dataSource.query(sql)
    const breakSecond = async (): Promise<void> => {
      for (const sql of database.breakCommit) await second.session.manager.query(sql)
    }
    const both = async (): Promise<void> => {
      await world.Note.create({ text: 'first' })
      await Other.create({ text: 'second' })
    }
    const app = await world.start(
      {
        'POST /both': async () => (await both(), { json: {} }),
        'POST /second': async () => (await both(), await breakSecond(), { json: {} }),
        'POST /first': async () => (await both(), await world.breakCommit(), { json: {} }),
      },
      { databases: [world.db, second] },
    )
    const post = async (path: string): Promise<unknown> => {
      const answer = await fetch(`${app.url}${path}`, { method: 'POST' })
      return [answer.status, await answer.json()]
    }
    try {
      expect(await post('/both')).toEqual([200, {}])
      expect([await world.Note.count(), await Other.count()]).toEqual([1, 1])
      expect(await post('/second')).toEqual([500, { worded: 'COMMIT_FAILED' }])
      expect([await world.Note.count(), await Other.count()]).toEqual([2, 1])
      expect(world.reports.at(-1)?.error).toMatchObject({ committed: ['test'], failed: ['second'] })
      expect(await post('/first')).toMatchObject([expect.any(Number), { worded: expect.not.stringContaining('COMMIT_FAILED') as string }])
      expect([await world.Note.count(), await Other.count()]).toEqual([2, 1])
    } finally {
      await second.close()
      await fresh.drop()
    }
  })

  row('a database and its bind commit with one answer, or neither', async (world) => {
    const [one, two] = [await database.create(), await database.create()]
    const db = new ActiveAlchemy(one.uri, { name: 'orders', binds: { users: two.uri } })
    class Order extends db.Model('Order', { text: db.Column(db.String(20)) }) {}
    class User extends db.Model('User', { name: db.Column(db.String(20)) }, { bindKey: 'users' }) {}
    await db.createAll()
    for (const sql of database.prepareBreak)
      await db.binds.users.dataSource.query(sql.replace('references note(id)', 'references "user"(id)'))
    const app = await world.start(
      {
        'POST /orders': async ({ body }) => {
          const { status } = body as { status: number }
          await Order.create({ text: 'tea' })
          await User.create({ name: 'Ada' })
          if (status === 500) for (const sql of database.breakCommit) await db.binds.users.session.manager.query(sql)
          return { json: {}, status: status === 409 ? 409 : 200 }
        },
      },
      { databases: [db] },
    )
    const headers = { 'content-type': 'application/json' }
    const post = async (status: number): Promise<unknown> =>
      (await fetch(`${app.url}/orders`, { method: 'POST', headers, body: JSON.stringify({ status }) })).status
    const kept = async () => [await Order.count(), await User.count()]
    try {
      expect([await post(409), await kept()]).toEqual([409, [0, 0]])
      expect([await post(200), await kept()]).toEqual([200, [1, 1]])
      expect([await post(500), await kept()]).toEqual([500, [2, 1]])
      expect(world.reports.at(-1)?.error).toMatchObject({ committed: ['orders'], failed: ['users'] })
    } finally {
      await db.close()
      await one.drop()
      await two.drop()
    }
  })
}
