import type { Dice } from '../../examples/adopted/src/storm/dice.ts'

/** What a request does, and what its effect must be when its answer says success; an answer that says error has none. */
export const kinds = {
  plain: 'whole',
  'locks first': 'whole',
  'plain TypeORM': 'whole',
  'all at once': 'whole',
  'a verb that nobody awaits': 'whole',
  'a verb that nobody awaits, and that fails': 'none',
  'a transaction that nobody awaits': 'whole',
  'work after the answer': 'whole',
  'a nested transaction': 'whole',
  'a sibling that fails, caught': 'whole',
  'a sibling that fails, not caught': 'none',
  'a taken key, caught in a transaction': 'whole',
  'a taken key, swallowed': 'none',
  'a failed statement, swallowed': 'none',
  'commits in the middle': 'whole',
  'commits in the middle, then fails': 'none',
  'rolls back in the middle': 'whole',
  'db.run first': 'whole',
  'db.run after a write': 'whole',
  'db.detach': 'whole',
  'rollback only': 'none',
  'commit anyway': 'none',
  'throws before': 'none',
  'throws between': 'none',
  'throws after': 'none',
  'answers an error': 'none',
  'takes too long': 'none',
  'a redirect': 'whole',
  'a 204': 'whole',
  'raw writes': 'whole',
  'an early head': 'none',
  'a stream': 'whole',
  'a stream that breaks': 'whole',
  'a second answer': 'whole',
  'breaks its commit': 'none',
} as const satisfies Readonly<Record<string, 'whole' | 'none'>>

type Kind = keyof typeof kinds

/** One request: everything that its handler decides comes from here, so that a seed repeats it. */
export interface Plan {
  readonly op: string
  readonly kind: Kind
  readonly from: number
  readonly to: number
  readonly amount: number
  /** Milliseconds to wait between the steps. */
  readonly pauses: readonly [number, number, number]
  readonly status: number
  /** When the client leaves: milliseconds after it asked, as soon as it has the head, or not at all. */
  readonly leaves: number | 'at the head' | 'never'
}

/** The request with this number: every kind comes first once, then they come in random order, plain ones more often. */
export function planOf(dice: Dice, index: number, accounts: number): Plan {
  const names = Object.keys(kinds) as Kind[]
  const kind = names[index] ?? (dice.below(4) === 0 ? 'plain' : dice.pick(names))
  const from = dice.below(accounts)
  return {
    op: `op${index}`,
    kind,
    from: from + 1,
    to: ((from + 1 + dice.below(accounts - 1)) % accounts) + 1,
    amount: 1 + dice.below(20),
    pauses: [dice.below(4), dice.below(4), dice.below(4)],
    status: dice.pick([400, 401, 404, 409, 500, 503]),
    leaves: index < names.length || dice.below(5) > 0 ? 'never' : dice.below(3) === 0 ? 'at the head' : dice.below(25),
  }
}
