import type { ReportEvent } from '@active-alchemy/core'
import { expect, it, vi } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { inProxied } from '../proxied.ts'
import { patiently, rowIn } from '../store.ts'

const scopes = () =>
  import('../../../packages/core/src/scope/scope.ts') as Promise<typeof import('../../../packages/core/src/scope/scope.ts')>

/** How long a transaction may last, and what is told of one that does nothing. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  /** Keeps the process from everything else. */
  const compute = (ms: number): void => {
    const end = performance.now() + ms
    while (performance.now() < end);
  }

  const served = database.lacks['a server'] === undefined ? it : it.skip

  served('a COMMIT that is under way when its transaction has lasted for long has a time of its own', () =>
    inProxied(
      database,
      async ({ db, User, proxy }) => {
        await User.count()
        // Time passes when it is told to.
        vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
        try {
          const answer = proxy.holdAnswerTo('COMMIT')
          const work = db.run(async () => {
            await User.create({ name: 'kept' })
            vi.advanceTimersByTime(40_000)
          })
          const release = await answer
          vi.advanceTimersByTime(30_000)
          release()
          await work
        } finally {
          vi.useRealTimers()
        }
        expect(await User.count()).toBe(1)
      },
      { transactionTimeoutMs: 60_000, poolSize: 1 },
    ),
  )

  row(
    'one db.run may take longer than the database allows',
    async ({ db, User }) => {
      await db.run(
        async () => {
          await User.create({ name: 'a' })
          await sleep(400)
          await User.create({ name: 'b' })
        },
        { transactionTimeoutMs: 60_000 },
      )
      expect(await patiently(db, () => User.count())).toBe(2)
      await expect(db.run(async () => undefined, { transactionTimeoutMs: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      await expect(db.run(async () => undefined, { timeout: 1 } as object)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    },
    { transactionTimeoutMs: 200 },
  )

  row('a db.run may have a name, which messages tell', async ({ db, User }) => {
    const work = db.run(
      async () => {
        await User.create({ name: 'lost' })
        await db.dataSource.query('select nope').catch(() => undefined)
      },
      { label: 'the nightly job' },
    )
    await expect(work).rejects.toThrow('An earlier statement of the nightly job failed')
    expect(await User.count()).toBe(0)
    for (const label of ['', 7]) {
      await expect(db.run(async () => undefined, { label } as object)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    }
  })

  row('the report of a transaction that did nothing names both places, and time that we compute is none', async ({ db, User }) => {
    const { Scope } = await scopes()
    const reports: ReportEvent[] = []
    const scope = new Scope({ label: 'a job', report: (event) => void reports.push(event) })
    await scope.run(async () => {
      const user = await User.create({ name: 'a' })
      const slow = {
        get name(): string {
          compute(1_200)
          return 'slow'
        },
      }
      await User.createMany([slow])
      expect(reports).toEqual([])
      await sleep(1_200)
      await db.dataSource.getRepository(User).update({ id: user.id }, { name: 'c' })
    })
    await scope.settle({ commit: true })
    expect(reports).toMatchObject([
      {
        kind: 'idle-in-transaction',
        message: expect.stringMatching(
          /did nothing for 1\.\d s.*Last statement .*session\/time\.ts:\d+:\d+, next .*session\/time\.ts:\d+:\d+\./,
        ) as string,
      },
    ])
  })
}
