import { ActiveAlchemy, CommitError, type ReportEvent } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { noteModel, until } from './conformance/world.ts'
import { open, type TestDatabase } from './databases/database.ts'
import type { Framework } from './frameworks/framework.ts'
import { frameworks, servers } from './matrix.ts'

/** One of the two, with a model, and the means to make its next commit fail. */
async function side(database: TestDatabase, name: string) {
  const fresh = await database.create()
  const { db, leases } = open(ActiveAlchemy, fresh, { name })
  const Note = noteModel(db)
  await db.createAll()
  for (const sql of database.prepareBreak) await db.dataSource.query(sql)
  return {
    db,
    Note,
    leases,
    count: () => db.detach(() => Note.count()),
    async breakCommit() {
      for (const sql of database.breakCommit) await db.dataSource.query(sql)
    },
    async drop() {
      await db.close()
      await fresh.drop()
    },
  }
}

type Side = Awaited<ReturnType<typeof side>>

/** Runs `row` with an application that writes to two databases in one request; `breaks` names the one that cannot commit. */
async function inBoth(
  framework: Framework,
  kinds: readonly [TestDatabase, TestDatabase],
  row: (
    post: (breaks: string) => Promise<{ status: number; body: unknown }>,
    sides: { first: Side; second: Side; reports: ReportEvent[] },
  ) => Promise<void>,
): Promise<void> {
  const first = await side(kinds[0], 'orders')
  const second = await side(kinds[1], 'stock')
  const reports: ReportEvent[] = []
  const app = await framework.start({
    databases: [first.db, second.db],
    options: { report: (event) => void reports.push(event) },
    routes: {
      'POST /orders': async ({ body }) => {
        const { breaks } = body as { breaks: string }
        await first.Note.create({ text: 'order' })
        await second.Note.create({ text: 'item' })
        if (breaks === 'orders') await first.breakCommit()
        if (breaks === 'stock') await second.breakCommit()
        return { json: { ok: true }, status: breaks === 'veto' ? 409 : 200 }
      },
    },
  })
  try {
    const headers = { 'content-type': 'application/json' }
    await row(
      async (breaks) => {
        const answer = await fetch(`${app.url}/orders`, { method: 'POST', headers, body: JSON.stringify({ breaks }) })
        return { status: answer.status, body: await answer.json() }
      },
      { first, second, reports },
    )
    await until(() => [first, second].every(({ leases }) => leases.released === leases.leased))
  } finally {
    await app.stop()
    await first.drop()
    await second.drop()
  }
}

for (const framework of frameworks.filter((each) => !each.databases)) {
  servers.forEach((one, index) => {
    const other = servers[(index + 1) % servers.length] ?? one
    describe(`${framework.name}: one request, first ${one.name}, then ${other.name}`, () => {
      it('is kept or dropped on both', () =>
        inBoth(framework, [one, other], async (post, { first, second }) => {
          expect(await post('veto')).toMatchObject({ status: 409 })
          expect([await first.count(), await second.count()]).toEqual([0, 0])
          expect(await post('nothing')).toMatchObject({ status: 200 })
          expect([await first.count(), await second.count()]).toEqual([1, 1])
        }))

      it('whose first commit fails is kept on neither', () =>
        inBoth(framework, [one, other], async (post, { first, second }) => {
          const { status, body } = await post('orders')
          expect(status).toBeGreaterThanOrEqual(400)
          expect(body).not.toMatchObject({ worded: 'COMMIT_FAILED' })
          expect([await first.count(), await second.count()]).toEqual([0, 0])
        }))

      it('whose second commit fails is answered and reported as an error that names what is kept and what is not', () =>
        inBoth(framework, [one, other], async (post, { first, second, reports }) => {
          expect(await post('stock')).toMatchObject({ status: 500, body: { worded: 'COMMIT_FAILED' } })
          expect([await first.count(), await second.count()]).toEqual([1, 0])
          const failed = reports.filter(({ kind }) => kind === 'commit-failed')
          expect(failed).toMatchObject([{ label: 'POST /orders', database: 'stock', error: expect.any(CommitError) as unknown }])
          expect(failed[0]?.error).toMatchObject({
            committed: ['orders'],
            failed: ['stock'],
            message: expect.stringContaining('orders committed, but stock did not') as unknown,
          })
        }))
    })
  })
}
