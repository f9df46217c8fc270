import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Type } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { DataSource } from 'typeorm'
import { ClearingService } from '../bank/clearing.service.js'
import { type Mail, Smtp } from '../bank/mail.module.js'
import { type Books, busyConnections, openBooks } from './books.js'
import { Dice } from './dice.js'
import { type Kind, type Plan, planOf, randomPlan } from './plan.js'

const accounts = 6
const startBalance = 1_000
const clients = 8
const patienceMs = 20_000

/** What a client was told. */
interface Outcome {
  readonly plan: Plan
  /** Of the head that came, if one did. */
  readonly status?: number
  /** Whether the payment was in the database when a head came that says success. */
  readonly wasThere?: boolean
}

/** How often the bank has lied, by what the lie was. */
export type Lies = Readonly<Record<LieName, number>>
export type LieName = keyof typeof lieNames

/** The ways to lie. */
export const lieNames = {
  early: 'answered as done, before it was in the database',
  lost: 'answered as done, and never in the database',
  kept: 'answered as failed, and in the database',
  money: 'money by which the accounts differ from their payments',
  mails: 'mails about payments that were rolled back',
  receipts: 'receipts for payments that failed',
  unsent: 'payments without their receipt',
  connections: 'connections out, or in a transaction, at the end',
} as const

/** How a storm is made. */
export interface StormOptions {
  /** Another one makes other requests. @default 1 */
  readonly seed?: number
  /** How many requests at random. @default 120 */
  readonly requests?: number
}

/**
 * Puts a bank through some seconds of work over HTTP, with errors, clients that leave and delays, and counts its lies.
 *
 * After what is at random each way to lie is tried once, by itself, so that none depends on luck.
 *
 * @param AppModule The bank, in one of its states.
 * @param url Of its database, which is empty.
 */
export async function storm(AppModule: Type, url: string, { seed = 1, requests = 120 }: StormOptions = {}): Promise<Lies> {
  process.env['DATABASE_URL'] = url
  const dice = new Dice(seed)
  const mails: Mail[] = []
  const clearing = new Clearing()
  const fixture = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Smtp)
    .useValue({ deliver: async (mail: Mail) => void mails.push(mail) })
    .overrideProvider(ClearingService)
    .useValue(clearing)
    .compile()
  const app = fixture.createNestApplication({ logger: false })
  await app.listen(0, '127.0.0.1')
  const address = (await app.getUrl()).replace('[::1]', '127.0.0.1')
  const dataSource = app.get(DataSource)
  const books = await openBooks(url)
  try {
    const outcomes: Outcome[] = []
    const perform = async (plan: Plan): Promise<void> => void outcomes.push(await ask(address, plan, books))
    const tried = (kind: Kind, reference: string): Promise<void> => {
      if (kind === 'clearing closed') clearing.closedFor.add(reference)
      return perform(planOf(kind, reference, dice, accounts))
    }
    for (let id = 1; id <= accounts; id++) await post(`${address}/accounts`, { owner: `Customer ${id}`, balance: startBalance })
    await perform({ ...planOf('redeem', 'used', dice, accounts), path: '/vouchers/used/redeem' })

    let begun = 0
    const client = async (): Promise<void> => {
      while (begun < requests) {
        const plan = randomPlan(begun++, dice, accounts)
        if (plan.kind === 'clearing closed') clearing.closedFor.add(plan.reference)
        await perform(plan)
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    await quiet(dataSource, clearing)

    await clearing.slowly('tried-early', () => tried('pay out', 'tried-early'))
    await quiet(dataSource, clearing)
    await tried('clearing closed', 'tried-kept')
    await tried('redeem again', 'tried-lost')
    await tried('overdraw', 'tried-mails')
    await tried('transfer to nobody', 'tried-money')
    await quiet(dataSource, clearing)
    await fetch(`${address}/accounts/4711/statement`)
    await quiet(dataSource, clearing, 500)

    return await count(outcomes, mails, books, Math.max(busyConnections(dataSource), await books.openTransactions()))
  } finally {
    await books.close()
    await app.close()
  }
}

/** The other banks: now slow, now closed. */
class Clearing {
  readonly closedFor = new Set<string>()
  underWay = 0
  #slow: { readonly reference: string; readonly end: Promise<void> } | undefined

  async announce(reference: string): Promise<void> {
    this.underWay += 1
    try {
      await (this.#slow?.reference === reference ? this.#slow.end : sleep(reference.length % 5))
      if (this.closedFor.has(reference)) throw new Error('The other bank is closed')
    } finally {
      this.underWay -= 1
    }
  }

  /** Is slow until the client has its answer, or until it is plain that it gets none before. */
  async slowly(reference: string, work: () => Promise<void>): Promise<void> {
    let hurry = (): void => undefined
    this.#slow = { reference, end: new Promise((resolve) => (hurry = resolve)) }
    const answered = work()
    await Promise.race([answered, noAnswerComes()])
    hurry()
    await answered
  }
}

/** An answer that waits for nothing has come by then, also on a machine that has other things to do. */
async function noAnswerComes(): Promise<void> {
  await sleep(300)
  for (let turns = 0; turns < 300; turns++) await turn()
}

async function ask(url: string, plan: Plan, books: Books): Promise<Outcome> {
  const { method, path, body, leavesAfterMs, reference } = plan
  const limit = AbortSignal.timeout(leavesAfterMs ?? patienceMs)
  try {
    const answer = await fetch(`${url}${path}`, {
      method,
      signal: limit,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const { status } = answer
    // As soon as the answer's head is there.
    const wasThere = answer.ok && method === 'POST' ? await books.has(reference) : true
    await answer.text().catch(() => undefined)
    return { plan, status, wasThere }
  } catch {
    return { plan }
  }
}

async function post(url: string, body: object): Promise<void> {
  const { ok, status } = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  if (!ok) throw new Error(`POST ${url} was answered ${status}`)
}

/** Waits for what nobody awaits, and for the work of clients who have left. */
async function quiet(dataSource: DataSource, clearing: Clearing, limitMs = 5_000): Promise<void> {
  for (let waited = 0; waited < limitMs; waited += 10) {
    await sleep(10)
    if (clearing.underWay === 0 && busyConnections(dataSource) === 0) return
  }
}

async function count(outcomes: readonly Outcome[], mails: readonly Mail[], books: Books, connections: number): Promise<Lies> {
  const payments = await books.payments()
  const booked = new Set(payments.map(({ reference }) => reference))
  const told = outcomes.filter(({ plan }) => plan.method === 'POST')
  const done = told.filter(({ status = 500 }) => status < 400)
  const failed = told.filter(({ status = 0 }) => status >= 400)
  const failures = new Set(failed.map(({ plan }) => plan.reference))
  const receipts = mails.filter(({ text }) => text.startsWith('Receipt'))
  const receipted = new Set(receipts.map(({ reference }) => reference))
  const halfWay = mails.filter(({ text }) => !text.startsWith('Receipt'))

  const expected = new Map<number, number>()
  const book = (id: number | null, amount: number): void => {
    if (id !== null) expected.set(id, (expected.get(id) ?? startBalance) + amount)
  }
  for (const { payerId, payeeId, amount } of payments) {
    book(payerId, -amount)
    book(payeeId, amount)
  }
  const balances = await books.balances()

  return {
    early: done.filter(({ plan, wasThere }) => !wasThere && booked.has(plan.reference)).length,
    lost: done.filter(({ plan }) => !booked.has(plan.reference)).length,
    kept: failed.filter(({ plan }) => booked.has(plan.reference)).length,
    money: balances.reduce((sum, { id, balance }) => sum + Math.abs(balance - (expected.get(id) ?? startBalance)), 0),
    mails: halfWay.filter(({ reference }) => !booked.has(reference)).length,
    receipts: receipts.filter(({ reference }) => !booked.has(reference) || failures.has(reference)).length,
    unsent: payments.filter(({ reference }) => !receipted.has(reference)).length,
    connections,
  }
}
