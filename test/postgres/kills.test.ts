import { setTimeout as sleep } from 'node:timers/promises'
import { CommitUnknownError, ConnectionFailedError, ConnectionLostError, SessionFailedError } from '@active-alchemy/core'
import { Client } from 'pg'
import { expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { postgres } from '../databases/postgres.ts'
import { postgresUrl } from '../servers/postgres.ts'

/** Enough for every moment of a transaction to be hit; `npm run kills` kills more, on both servers. */
const kills = Number(process.env['KILLS'] ?? 100)

it(
  `postgres: ${kills} backends killed under load: no lie, no leak, no rejection that nobody sees, and a pool that is whole`,
  { timeout: 300_000 },
  () =>
    inStore(
      postgres,
      async ({ db, User, raw }) => {
        const killer = new Client({ connectionString: postgresUrl() })
        await killer.connect()
        const [{ name: database } = { name: '' }] = await raw<{ name: string }>('select current_database() as name')
        const kept = new Set<string>()
        const lost = new Set<string>()
        const outcomes: Record<string, number> = {}
        const done = { kills: 0 }
        const worker = async (own: number): Promise<void> => {
          for (let turn = 0; done.kills < kills; turn++) {
            const name = `${own}-${turn}`
            try {
              await db.run(async () => {
                await User.count()
                const user = await User.create({ name })
                await db.transaction(() => user.increment('points', 1))
                await db.sql`select pg_sleep(0.001)`
                await user.update({ location: 'there' })
              })
              kept.add(name)
              outcomes['kept'] = (outcomes['kept'] ?? 0) + 1
            } catch (error) {
              const cause = error instanceof SessionFailedError ? error.cause : error
              const kind = [CommitUnknownError, ConnectionLostError, ConnectionFailedError].find((each) => cause instanceof each)
              if (!kind) throw error
              outcomes[kind.name] = (outcomes[kind.name] ?? 0) + 1
              if (kind !== CommitUnknownError) lost.add(name)
            }
          }
        }
        const killing = async (): Promise<void> => {
          while (done.kills < kills) {
            const { rows } = await killer.query<{ was_killed: boolean }>(
              `select pg_terminate_backend(pid) as was_killed from pg_stat_activity where datname = $1 order by random() limit 1`,
              [database],
            )
            done.kills += rows.filter(({ was_killed: wasKilled }) => wasKilled).length
            await sleep(2)
          }
        }
        await Promise.all([killing(), ...Array.from({ length: 20 }, (_, own) => worker(own))])
        await killer.end()
        const rows = await User.query('name', 'points', 'location').all()
        const names = new Set(rows.map(({ name }) => name))
        expect([...kept].filter((name) => !names.has(name))).toEqual([])
        expect([...lost].filter((name) => names.has(name))).toEqual([])
        expect(rows.filter(({ points, location }) => points !== 1 || location !== 'there')).toEqual([])
        expect(db.dataSource.driver.pool).toEqual({ size: 8, leased: 0, waiting: 0 })
        const all = await Promise.all(
          Array.from({ length: 8 }, () => db.sql<{ pid: number }>`select pg_backend_pid() as pid, pg_sleep(0.1)`),
        )
        expect(new Set(all.map(([row]) => row?.pid)).size).toBe(8)
        console.log(`${done.kills} backends killed: ${JSON.stringify(outcomes)}`)
      },
      { poolSize: 8, poolTimeoutMs: 60_000 },
    ),
)
