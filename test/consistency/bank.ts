import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ActiveAlchemy, CommitUnknownError, type Session } from '@active-alchemy/core'
import type { TestDatabase } from '../databases/database.ts'
import type { Call, Reply } from '../frameworks/framework.ts'
import type { Plan } from './plan.ts'

export const startBalance = 1_000

/** The models of the bank. */
export function bankModels(db: ActiveAlchemy) {
  class Account extends db.Model('Account', { balance: db.Column(db.Integer) }) {}
  class Entry extends db.Model('Entry', {
    op: db.Column(db.String(20)),
    part: db.Column(db.String(20)),
    account: db.Column(db.Integer),
    amount: db.Column(db.Integer),
  }) {}
  class Taken extends db.BaseModel('Taken', { code: db.Column(db.String(20), { primary: true }) }) {}
  return { Account, Entry, Taken }
}

/** What the handlers saw, which no answer tells. */
export interface Witness {
  /** Calls of the hooks, by operation. */
  readonly committed: Map<string, number>
  readonly rolledBack: Map<string, number>
  /** Parts that commit apart from their request, and how that went. */
  readonly apart: Map<string, 'kept' | 'lost' | 'unknown'>
  /** Operations whose client had left before their handler was done. */
  readonly left: Set<string>
  /** Operations whose nested transaction failed, and which did not mind. */
  readonly givenUp: Set<string>
  /** What must never be: another's session, another's rows. */
  readonly faults: string[]
}

/** The bank's handlers. */
export function bank(db: ActiveAlchemy, { Account, Entry, Taken }: ReturnType<typeof bankModels>, database: TestDatabase) {
  const witness: Witness = {
    committed: new Map(),
    rolledBack: new Map(),
    apart: new Map(),
    left: new Set(),
    givenUp: new Set(),
    faults: [],
  }
  const owners = new WeakMap<Session, string>()
  const count = (map: Map<string, number>, op: string): void => void map.set(op, (map.get(op) ?? 0) + 1)

  const watch = (op: string): void => {
    db.onCommit(() => count(witness.committed, op))
    db.session.onRollback(() => count(witness.rolledBack, op))
  }

  /** Hooks go with the transaction in which they were given. */
  const begunAnew = (op: string): void => {
    witness.committed.delete(op)
    witness.rolledBack.delete(op)
    watch(op)
  }

  const debit = async ({ op, from, amount }: Plan, part: string): Promise<void> => {
    await Account.get(from).decrement('balance', amount)
    await Entry.create({ op, part, account: from, amount: -amount })
  }
  const credit = async ({ op, to, amount }: Plan, part: string): Promise<void> => {
    await Account.get(to).increment('balance', amount)
    await Entry.create({ op, part, account: to, amount })
  }
  const transfer = async (plan: Plan, part = 'main'): Promise<void> => {
    await debit(plan, part)
    await sleep(plan.pauses[1])
    await credit(plan, part)
  }
  /** Does what commits by itself, and notes whether it did. */
  const apart = async (key: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
      witness.apart.set(key, 'kept')
    } catch (error) {
      witness.apart.set(key, error instanceof CommitUnknownError ? 'unknown' : 'lost')
      throw error
    }
  }
  const fail = (): never => {
    throw new Error('as planned')
  }

  const steps: Record<Plan['kind'], (plan: Plan, call: Call) => Promise<Reply | undefined>> = {
    plain: async (plan) => (await transfer(plan), undefined),
    'locks first': async (plan) => {
      const { op, from, to, amount } = plan
      const [low, high] = [Math.min(from, to), Math.max(from, to)]
      const first = await Account.get(low, { forUpdate: true })
      const second = await Account.get(high, { forUpdate: true })
      await sleep(plan.pauses[1])
      for (const account of [first, second]) {
        if (!account) throw new Error('An account is gone')
        const change = account.id === from ? -amount : amount
        await account.update({ balance: account.balance + change })
        await Entry.create({ op, part: 'main', account: account.id, amount: change })
      }
      return undefined
    },
    'plain TypeORM': async (plan) => {
      const { op, from, to, amount } = plan
      await db.dataSource.transaction(async (manager) => {
        await manager.decrement(Account, { id: from }, 'balance', amount)
        await manager.insert(Entry, { op, part: 'main', account: from, amount: -amount })
        await sleep(plan.pauses[1])
        await manager.getRepository(Account).increment({ id: to }, 'balance', amount)
        await db.dataSource.createQueryBuilder().insert().into(Entry).values({ op, part: 'main', account: to, amount }).execute()
      })
      return undefined
    },
    'all at once': async (plan) => (await Promise.all([debit(plan, 'main'), credit(plan, 'main')]), undefined),
    'a verb that nobody awaits': async ({ op, from, to, amount }) => {
      void Account.get(from).decrement('balance', amount)
      void Account.get(to).increment('balance', amount)
      void Entry.create({ op, part: 'main', account: from, amount: -amount })
      void Entry.create({ op, part: 'main', account: to, amount })
      return undefined
    },
    'a verb that nobody awaits, and that fails': async (plan) => {
      await transfer(plan)
      void Account.get(4_711).decrement('balance', plan.amount)
      return undefined
    },
    'a transaction that nobody awaits': async (plan) => {
      db.transaction(() => transfer(plan)).catch(() => void witness.givenUp.add(plan.op))
      return undefined
    },
    'work after the answer': async (plan, { res }) => {
      await transfer(plan)
      const late = async (): Promise<void> => {
        await once(res, 'finish')
        await transfer(plan, 'late')
      }
      late().catch(() => undefined)
      return undefined
    },
    'a nested transaction': async (plan) => {
      await debit(plan, 'main')
      await db.transaction(() => db.transaction(() => credit(plan, 'main')))
      return undefined
    },
    'a sibling that fails, caught': async (plan) => {
      const lost = (): Promise<void> => db.transaction(async () => (await transfer(plan, 'lost'), fail()))
      await Promise.allSettled([
        lost(),
        db.transaction(() => transfer(plan)).catch((error: unknown) => db.session.rollbackOnly(error)),
        lost(),
      ])
      // A failure that was not planned must be seen.
      if ((await Entry.count({ op: plan.op })) !== 2) fail()
      return undefined
    },
    'a sibling that fails, not caught': async (plan) => {
      await Promise.all([db.transaction(() => transfer(plan)), db.transaction(async () => fail()), debit(plan, 'main')])
      return undefined
    },
    'a taken key, caught in a transaction': async (plan) => {
      await debit(plan, 'main')
      await db.transaction(async () => (await credit(plan, 'lost'), await Taken.create({ code: 'taken' }))).catch(() => undefined)
      await credit(plan, 'main')
      return undefined
    },
    'a taken key, swallowed': async (plan) => {
      await debit(plan, 'main')
      await Taken.create({ code: 'taken' }).catch(() => undefined)
      await credit(plan, 'main').catch(() => undefined)
      return undefined
    },
    'a failed statement, swallowed': async (plan) => {
      await transfer(plan)
      await db.session.manager.query('select * from no_such_table').catch(() => undefined)
      return undefined
    },
    'commits in the middle': async (plan) => {
      await transfer(plan, 'before')
      await apart(`${plan.op} before`, () => db.commit())
      begunAnew(plan.op)
      await transfer(plan)
      return undefined
    },
    'commits in the middle, then fails': async (plan) => {
      await transfer(plan, 'before')
      await apart(`${plan.op} before`, () => db.commit())
      begunAnew(plan.op)
      await transfer(plan)
      return fail()
    },
    'rolls back in the middle': async (plan) => {
      await transfer(plan, 'lost')
      await db.rollback()
      begunAnew(plan.op)
      await transfer(plan)
      return undefined
    },
    'db.run first': async (plan) => {
      await apart(`${plan.op} own`, () => db.run(() => transfer(plan, 'own')))
      await transfer(plan)
      return undefined
    },
    'db.run after a write': async (plan) => {
      await Entry.create({ op: plan.op, part: 'main', account: plan.from, amount: -plan.amount })
      // Where there is one writer it can only fail at once.
      await apart(`${plan.op} own`, () => db.run(() => Entry.create({ op: plan.op, part: 'own', account: 0, amount: 0 }))).catch(
        (error: unknown) => {
          if ((error as { code?: string }).code !== 'NESTED_SCOPE') throw error
        },
      )
      await Account.get(plan.from).decrement('balance', plan.amount)
      await credit(plan, 'main')
      return undefined
    },
    'db.detach': async (plan) => {
      await apart(`${plan.op} own`, () => db.detach(() => Entry.create({ op: plan.op, part: 'own', account: 0, amount: 0 })))
      await transfer(plan)
      return undefined
    },
    'rollback only': async (plan) => (await transfer(plan), db.session.rollbackOnly('a rehearsal'), undefined),
    'commit anyway': async (plan) => {
      await transfer(plan)
      db.session.commitAnyway('a failed login')
      return { json: { op: plan.op }, status: plan.status }
    },
    'throws before': async () => fail(),
    'throws between': async (plan) => (await debit(plan, 'main'), fail()),
    'throws after': async (plan) => (await transfer(plan), fail()),
    'answers an error': async (plan) => (await transfer(plan), { json: {}, status: plan.status }),
    'takes too long': async (plan) => {
      await transfer(plan)
      await sleep(db.dataSource.engine.settings.transactionTimeoutMs + 100)
      return undefined
    },
    'a redirect': async (plan) => (await transfer(plan), { redirect: '/elsewhere' }),
    'a 204': async (plan) => (await transfer(plan), { status: 204 }),
    'raw writes': async (plan) => {
      await transfer(plan)
      return {
        raw: (res) => {
          res.writeHead(200, { 'content-type': 'text/plain' })
          res.write(plan.op)
          res.end()
        },
      }
    },
    'an early head': async (plan) => ({
      raw: async (res) => {
        res.writeHead(200)
        res.flushHeaders()
        await transfer(plan).catch(() => undefined)
        res.end()
      },
    }),
    'a stream': async (plan) => (await transfer(plan), { stream: Readable.from([plan.op, plan.op]) }),
    'a stream that breaks': async (plan) => {
      await transfer(plan)
      return { stream: Readable.from(breaking(plan)) }
    },
    'a second answer': async (plan) => (await transfer(plan), { twice: [{ op: plan.op }, { second: true }] }),
    'breaks its commit': async (plan) => {
      await transfer(plan)
      for (const sql of database.breakCommit) await db.session.manager.query(sql)
      return undefined
    },
  }

  const handle = async (call: Call): Promise<Reply> => {
    const plan = call.body as Plan
    const { op, kind, from, amount, pauses } = plan
    const { session } = db
    const owner = owners.get(session)
    if (owner !== undefined) witness.faults.push(`${op} has the session of ${owner}`)
    owners.set(session, op)
    watch(op)
    await sleep(pauses[0])
    const reply = await steps[kind](plan, call)
    await sleep(pauses[2])
    if (call.res.closed) witness.left.add(op)
    if (reply) return reply
    if (kind === 'plain' && db.session !== session) witness.faults.push(`${op} has lost its session`)
    // It sees its own rows.
    if (kind === 'plain' && (await Entry.count({ op })) !== 2) witness.faults.push(`${op} does not see its own ${amount} from ${from}`)
    return { json: { op } }
  }

  return { handle, witness }
}

async function* breaking({ op }: Plan): AsyncGenerator<string> {
  yield op
  await sleep(2)
  throw new Error('as planned')
}
