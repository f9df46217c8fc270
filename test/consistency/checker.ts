import type { ActiveAlchemy, ReportEvent } from '@active-alchemy/core'
import { startBalance, type Witness } from './bank.ts'
import type { Outcome } from './client.ts'
import { kinds, type Plan } from './plan.ts'
import type { Server } from './server.ts'

/** What is left when all requests have ended. */
export interface Remains {
  readonly server: Server
  readonly outcomes: readonly Outcome[]
  readonly witness: Witness
  readonly reports: readonly ReportEvent[]
}

/** The ledger's rows of one part of an operation: none, or both halves of a transfer. */
type Effect = 'none' | 'whole' | 'torn'

/** Compares what clients were told with what is there. @returns Every contradiction, in words. */
export async function contradictions({ server, outcomes, witness, reports }: Remains): Promise<string[]> {
  const found = [...witness.faults]
  const accounts = await server.rows<{ id: number; balance: number }>('select id, balance from account')
  const entries = await server.rows<{ op: string; part: string; account: number; amount: number }>(
    'select op, part, account, amount from entry',
  )

  const sum = accounts.reduce((total, { balance }) => total + balance, 0)
  if (sum !== accounts.length * startBalance) found.push(`the sum of money is ${sum}, not ${accounts.length * startBalance}`)
  for (const { id, balance } of accounts) {
    const booked = entries.filter(({ account }) => account === id).reduce((total, { amount }) => total + amount, startBalance)
    if (booked !== balance) found.push(`account ${id} holds ${balance}, and its entries say ${booked}`)
  }

  const effectOf = ({ op, from, to, amount }: Plan, part: string): Effect => {
    const rows = entries.filter((entry) => entry.op === op && entry.part === part)
    if (rows.length === 0) return 'none'
    if (rows.length === 1 && rows[0]?.account === 0) return 'whole'
    const booked = rows.map(({ account, amount: change }) => `${account}:${change}`).sort()
    return String(booked) === String([`${from}:${-amount}`, `${to}:${amount}`].sort()) ? 'whole' : 'torn'
  }

  // A commit whose answer was lost may stand, whatever its client was told; each is reported.
  let unknown = reports.filter(({ error }) => codesOf(error).includes('COMMIT_UNKNOWN')).length
  for (const { plan, status, code, hangs } of outcomes) {
    const { op, kind } = plan
    const say = (fact: string): void => void found.push(`${op} (${kind}, answered ${status ?? 'nothing'} ${code ?? ''}): ${fact}`)
    if (hangs) say('neither an answer nor the end of the connection came')
    const committed = witness.committed.get(op) ?? 0
    const rolledBack = witness.rolledBack.get(op) ?? 0
    if (committed + rolledBack > 1) say(`${committed} times told of a commit, and ${rolledBack} times of a rollback`)

    const main = effectOf(plan, 'main')
    const aim = witness.givenUp.has(op) || witness.left.has(op) ? 'none' : kinds[kind]
    const expected = expectedOf(plan, aim, status, code)
    if (expected === 'either' ? main === 'torn' : main !== expected) {
      // Where the framework words it there is no code.
      const isUnknown = status === 503 && (code ?? 'COMMIT_UNKNOWN') === 'COMMIT_UNKNOWN' && main === 'whole'
      if (!isUnknown) say(`its effect is ${main}, not ${expected}`)
    }
    if (committed === 0 && main !== 'none' && --unknown < 0) say('it has an effect, and was never told of a commit')
    if (committed === 1 && main !== aim && kind !== 'commit anyway') say(`it was told of its commit, and its effect is ${main}`)
    for (const part of ['late', 'lost']) if (effectOf(plan, part) !== 'none') say(`what it did ${part} has an effect`)
    for (const part of ['before', 'own']) {
      const told = witness.apart.get(`${op} ${part}`)
      const effect = effectOf(plan, part)
      if (effect === 'torn') say(`what it did in "${part}" is torn`)
      if (told === 'kept' && effect !== 'whole') say(`what it kept in "${part}" is ${effect}`)
      if (told === 'lost' && effect !== 'none') say(`what it lost in "${part}" is ${effect}`)
      if (told === undefined && effect !== 'none' && status !== undefined) say(`it never did "${part}", and its effect is ${effect}`)
    }
  }
  return found
}

function expectedOf({ kind, status: planned }: Plan, aim: Effect, status: number | undefined, code: string | undefined): Effect | 'either' {
  if (status === undefined) return aim === 'none' && kind !== 'commit anyway' ? 'none' : 'either'
  if (kind === 'commit anyway') return status === planned && code === undefined && status < 500 ? 'whole' : 'none'
  return status < 400 ? aim : 'none'
}

/** The codes of an error, and of those below it. */
function codesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return []
  return ['code' in error ? error.code : undefined, ...codesOf(error.cause)]
}

/** How many transactions nobody ended, and connections nobody gave back. */
export function leftovers(db: ActiveAlchemy, leases: { readonly leased: number; readonly released: number }): string[] {
  const { pool } = db.dataSource.driver
  const found: string[] = []
  if (pool.leased !== 0 || pool.waiting !== 0) found.push(`the pool has ${pool.leased} leased connections and ${pool.waiting} callers`)
  if (leases.leased !== leases.released) found.push(`${leases.leased} connections were leased, and released ${leases.released} times`)
  return found
}
