import type { Dice } from './dice.js'

/** What a client asks for. */
export type Kind =
  | 'pay'
  | 'overdraw'
  | 'clearing closed'
  | 'transfer'
  | 'transfer to nobody'
  | 'redeem'
  | 'redeem again'
  | 'pay out'
  | 'read'

const kinds: readonly Kind[] = [
  'pay',
  'overdraw',
  'clearing closed',
  'transfer',
  'transfer to nobody',
  'redeem',
  'redeem again',
  'pay out',
  'read',
]

/** One request. */
export interface Plan {
  readonly kind: Kind
  /** Of the payment that it is to make; a request that makes none has one, too. */
  readonly reference: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** Milliseconds after which the client leaves, if it does. */
  readonly leavesAfterMs?: number
}

/** A request of this kind. @param accounts How many there are, from 1 on. */
export function planOf(kind: Kind, reference: string, dice: Dice, accounts: number): Plan {
  // Always upwards: the storm is not about deadlocks.
  const from = 1 + dice.below(accounts - 1)
  const order = { reference, from, to: from + 1 + dice.below(accounts - from), amount: 1 + dice.below(20) }
  const post = (path: string, body: object): Plan => ({ kind, reference, method: 'POST', path, body })
  switch (kind) {
    case 'pay':
    case 'clearing closed':
      return post('/payments', order)
    case 'overdraw':
      return post('/payments', { ...order, amount: 1_000_000 })
    case 'transfer':
      return post('/transfers', order)
    case 'transfer to nobody':
      return post('/transfers', { ...order, to: 4_711 })
    case 'redeem':
      return post(`/vouchers/${reference}/redeem`, order)
    case 'redeem again':
      return post('/vouchers/used/redeem', order)
    case 'pay out':
      return post('/payouts', order)
    case 'read':
      return { kind, reference, method: 'GET', path: `/accounts/${from}/statement` }
  }
}

/** The request with this number: one of five clients leaves before long. */
export function randomPlan(index: number, dice: Dice, accounts: number): Plan {
  const kind = kinds[dice.below(kinds.length)] ?? 'pay'
  const plan = planOf(kind, `storm-${index}`, dice, accounts)
  return dice.below(5) > 0 ? plan : { ...plan, leavesAfterMs: dice.below(20) }
}
