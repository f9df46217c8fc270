import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy, type ReportEvent } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import { until } from './conformance/world.ts'
import { bank, bankModels, startBalance } from './consistency/bank.ts'
import { contradictions, leftovers } from './consistency/checker.ts'
import { type Outcome, perform } from './consistency/client.ts'
import { Dice } from '../examples/adopted/src/storm/dice.ts'
import { kinds, planOf } from './consistency/plan.ts'
import { serverOf } from './consistency/server.ts'
import { open, type TestDatabase } from './databases/database.ts'
import type { Framework } from './frameworks/framework.ts'
import { eachCross } from './matrix.ts'

/** Other requests with every run; `SEED` repeats those of a run that failed, as far as time can be repeated. */
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const requests = Number(process.env['REQUESTS'] ?? 160)
/** A storm in which little succeeds proves little: it goes on until this many requests were kept. */
const wanted = requests / 4
/** Few enough to be fought for. */
const accounts = 6
const clients = 12
const patienceMs = 60_000

/** One of each kind: the others differ in what the request suite looks at. */
const kindsOfFramework = ['express 5', 'fastify 5', 'koa 3']

eachCross(`a bank, ${requests} requests of seed ${seed}`, (framework, database) => {
  it.runIf(kindsOfFramework.includes(framework.name))(
    'keeps its word under errors, aborts, deadlocks and lost connections',
    { timeout: 300_000 },
    () => inBank(framework, database),
  )
})

async function inBank(framework: Framework, database: TestDatabase): Promise<void> {
  const dice = new Dice(seed)
  const fresh = await database.create()
  const server = await serverOf(database.name, fresh.uri)
  const { db, leases } = open(ActiveAlchemy, fresh, { poolSize: 6, poolTimeoutMs: 5_000, transactionTimeoutMs: 1_000 })
  const models = bankModels(db)
  const reports: ReportEvent[] = []
  await db.createAll()
  for (const sql of database.prepareBreak) await db.dataSource.query(sql.replaceAll('note', 'account'))
  for (let number = 0; number < accounts; number++) await models.Account.create({ balance: startBalance })
  await models.Taken.create({ code: 'taken' })
  const { handle, witness } = bank(db, models, {
    ...database,
    breakCommit: database.breakCommit.map((sql) => sql.replaceAll('note', 'account')),
  })
  const app = await framework.start({
    databases: [db],
    routes: { 'POST /transfer': handle },
    options: { report: (event) => void reports.push(event) },
  })
  const agent = new Agent({ keepAlive: true })
  const outcomes: Outcome[] = []
  const moments: string[] = []
  try {
    let asked = 0
    const kept = (): number => outcomes.filter(({ status = 500 }) => status < 400).length
    const client = async (): Promise<void> => {
      while (asked < requests || kept() < wanted) {
        const plan = planOf(dice, asked++, accounts)
        const outcome = await perform(app.url, agent, plan, patienceMs)
        outcomes.push(outcome)
        const { status = 0 } = outcome
        if (status < 200 || status >= 400 || kinds[plan.kind] !== 'whole') continue
        const there = await server.rows(`select 1 from entry where op = '${plan.op}' and part = 'main'`)
        if (there.length !== 2 && !witness.givenUp.has(plan.op))
          moments.push(`${plan.op} (${plan.kind}) was answered ${status} when ${there.length} of its 2 entries were there`)
      }
    }
    const storm = new AbortController()
    const harming = async (): Promise<void> => {
      while (!storm.signal.aborted) {
        await server.harm(dice)
        await sleep(10 + dice.below(60))
      }
    }
    const watching = async (): Promise<void> => {
      while (!storm.signal.aborted) {
        const [row] = await server.rows<{ sum: unknown }>('select sum(balance) as sum from account')
        if (Number(row?.sum) !== accounts * startBalance) moments.push(`the sum of money was ${String(row?.sum)}`)
        await sleep(5)
      }
    }
    const noise = Promise.all([harming(), watching()])
    await Promise.all(Array.from({ length: clients }, client))
    storm.abort()
    await noise
    agent.destroy()
    await until(() => leftovers(db, leases).length === 0).catch(() => undefined)
    const found = [...moments, ...(await contradictions({ server, outcomes, witness, reports })), ...leftovers(db, leases)]
    expect(found, `SEED=${seed}`).toEqual([])
    await expect.poll(() => server.openTransactions(), { timeout: 10_000, message: 'transactions that are open on the server' }).toBe(0)
  } finally {
    agent.destroy()
    await app.stop()
    await db.close()
    await server.close()
    await fresh.drop()
  }
}
