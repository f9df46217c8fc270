import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { FreshDatabase, TestDatabase } from './databases/database.ts'
import { eachDatabase } from './matrix.ts'

const program = fileURLToPath(new URL('processes/plans.js', import.meta.url))

/** A value that suits a type, or does not quite. */
const valuesByType: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  text: fc.string({ maxLength: 22, unit: 'grapheme' }),
  whole: fc.oneof(fc.integer(), fc.constantFrom(2 ** 31, 0.5, '7')),
  large: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }).map((value) => `n:${value}`),
    fc.integer(),
  ),
  real: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }), fc.constantFrom(-0, 'x')),
  flag: fc.oneof(fc.boolean(), fc.constant(1)),
  moment: fc.oneof(
    fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => date.toISOString()),
    fc.constantFrom('2026-02-30T00:00:00Z', '0999-12-31T23:59:59.999Z', '1000-01-01T00:00:00.000Z', 'x'),
  ),
  day: fc.oneof(fc.constantFrom('2026-01-31', '0001-01-01', '2026-02-30')),
  exact: fc.oneof(fc.constantFrom('1.50', '-0.01', '12345678901.5', '1.005'), fc.integer({ min: -1e6, max: 1e6 })),
  data: fc.oneof(fc.array(fc.constantFrom(1, 'a', null, true), { maxLength: 3 }), fc.constantFrom('text', 3, { a: { b: [1] } }, {})),
}

const types = Object.keys(valuesByType)

interface Column {
  readonly type: string
  readonly nullable?: boolean
  readonly default?: unknown
  readonly hidden?: boolean
}

const columns = fc.uniqueArray(
  fc.record({ type: fc.constantFrom(...types), kind: fc.constantFrom('required', 'nullable', 'default', 'hidden') }),
  {
    minLength: 1,
    maxLength: 6,
    selector: ({ type, kind }) => `${type} ${kind}`,
  },
)

const presets: Readonly<Record<string, unknown>> = {
  text: "it's",
  whole: 7,
  large: 'n:12',
  real: 1.5,
  flag: true,
  exact: '2.50',
  data: [1],
}

/** The columns by their names. */
function named(list: readonly { readonly type: string; readonly kind: string }[]): Record<string, Column> {
  return Object.fromEntries(
    list.map(({ type, kind }, index) => {
      const preset = kind === 'default' && type in presets ? { default: presets[type] } : {}
      return [
        `${type}${index}`,
        { type, ...preset, ...(kind === 'nullable' ? { nullable: true } : {}), ...(kind === 'hidden' ? { hidden: true } : {}) },
      ]
    }),
  )
}

/** Values of some columns; seldom of one that there is not, and seldom none where one must be. */
function valuesOf(known: Readonly<Record<string, Column>>, isNew: boolean): fc.Arbitrary<object> {
  const values = Object.fromEntries(
    Object.entries(known).map(([name, { type }]) => {
      const value = valuesByType[type] ?? fc.constant(null)
      return [name, fc.oneof({ weight: 8, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) })]
    }),
  )
  const requiredKeys = isNew ? Object.keys(known) : []
  return fc.oneof(
    { weight: 3, arbitrary: fc.record(values, { requiredKeys }) },
    { weight: 1, arbitrary: fc.record(values, { requiredKeys: [] }) },
  )
}

const scenario = fc.tuple(columns, fc.boolean()).chain(([list, isSoft]) => {
  const known = named(list)
  const record = fc.nat(5)
  const isUndone = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
  const created = valuesOf(known, true)
  const changed = valuesOf(known, false)
  const step = fc.oneof(
    fc.record({ verb: fc.constant('create'), values: created, isUndone }),
    fc.record({ verb: fc.constant('add'), values: created, isUndone }),
    fc.record({ verb: fc.constant('createMany'), rows: fc.array(created, { maxLength: 5 }), isUndone }),
    fc.record({ verb: fc.constantFrom('update', 'save'), record, values: changed, isUndone }),
    fc.record({ verb: fc.constantFrom('touch', 'delete', 'restore', 'reload', 'get'), record, isUndone }),
    fc.record({
      verb: fc.constant('increment'),
      record,
      column: fc.constantFrom(...Object.keys(known)),
      by: fc.integer({ min: -5, max: 5 }),
      isUndone,
    }),
  )
  const first = fc.record({ verb: fc.constant('create'), values: created, isUndone: fc.constant(false) })
  return fc.tuple(first, fc.array(step, { maxLength: 8 })).map(([begin, steps]) => ({ columns: known, isSoft, steps: [begin, ...steps] }))
})

/** A process that plays scenarios on a database of its own. */
class Player {
  readonly fresh: FreshDatabase
  readonly #child: ChildProcess

  constructor(fresh: FreshDatabase, plans: 'on' | 'off') {
    this.fresh = fresh
    this.#child = fork(program, { env: { ...process.env, PLANS_URI: fresh.uri, ALCHEMY_PLANS: plans, NODE_ENV: 'production' } })
  }

  async ready(): Promise<void> {
    await once(this.#child, 'message')
  }

  async play(played: object): Promise<unknown> {
    const answer = once(this.#child, 'message')
    this.#child.send(played)
    const [{ told }] = (await answer) as [{ told: unknown }]
    return told
  }

  async end(): Promise<void> {
    this.#child.kill()
    await this.fresh.drop()
  }
}

async function players(database: TestDatabase): Promise<readonly [Player, Player]> {
  const pair = [new Player(await database.create(), 'on'), new Player(await database.create(), 'off')] as const
  await Promise.all(pair.map((player) => player.ready()))
  return pair
}

eachDatabase('plans', (database) => {
  it('give what is given without them: the same rows, objects and errors', async () => {
    const pair = await players(database)
    let number = 0
    try {
      await fc.assert(
        fc.asyncProperty(scenario, async (played) => {
          number += 1
          const [planned, unplanned] = await Promise.all(pair.map((player) => player.play({ ...played, number })))
          expect(planned).toEqual(unplanned)
          expect(JSON.stringify(planned)).not.toContain('failed: ')
        }),
        { numRuns: Number(process.env['PLANS_RUNS'] ?? 60), interruptAfterTimeLimit: 90_000 },
      )
    } finally {
      for (const player of pair) await player.end()
    }
  }, 300_000)
})
