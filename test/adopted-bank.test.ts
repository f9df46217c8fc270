import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type State, states } from '../examples/adopted/src/states.ts'
import { type LieName, type Lies, lieNames, storm } from '../examples/adopted/src/storm/storm.ts'
import { bankTests } from '../examples/adopted/test/bank.e2e.ts'
import type { FreshDatabase } from './databases/database.ts'
import { servers } from './matrix.ts'

/** Another one makes other requests. */
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

/** Every way to lie, without those that are given. */
const noneBut = (...left: readonly LieName[]): Partial<Lies> =>
  Object.fromEntries(Object.keys(lieNames).flatMap((name) => (left.includes(name as LieName) ? [] : [[name, 0]])))

describe.each(servers)('the bank of examples/adopted on $name', (database) => {
  let fresh: FreshDatabase

  beforeEach(async () => {
    fresh = await database.create()
    process.env['DATABASE_URL'] = fresh.uri
  })
  afterEach(() => fresh.drop())

  const through = async (state: State): Promise<Lies> => storm(await states[state](), fresh.uri, { seed, requests: 60 })

  it('lies in every way before', async () => {
    const lies = await through('before')
    const { unsent: _one, ...expected } = lies
    expect(Object.entries(expected).filter(([, times]) => times === 0)).toEqual([])
  })
  it('does not lie once the one line is there, but in the mails that it sends itself', async () => {
    const lies = await through('after')
    expect(lies, `SEED=${seed}`).toMatchObject(noneBut('mails'))
    expect(lies.mails).toBeGreaterThan(0)
  })
  it('does not lie once those wait for the commit', async () => {
    expect(await through('mails'), `SEED=${seed}`).toEqual(noneBut())
  })

  describe.each(Object.keys(states) as State[])('passes its own tests, %s:', (state) => bankTests(states[state]))
})

describe('the README of the bank', () => {
  const read = (path: string): string => readFileSync(new URL(`../examples/adopted/${path}`, import.meta.url), 'utf8')
  const moduleOf = (state: State): string[] => read(`src/${state}/app.module.ts`).trimEnd().split('\n')
  const [ofTheLine = [], ofObserving = []] = [...read('README.md').matchAll(/```diff\n(.*?)\n```/gs)].map(([, text = '']) =>
    text.split('\n'),
  )
  const side = (diff: readonly string[], other: '+' | '-'): string[] =>
    diff.filter((line) => !line.startsWith(other)).map((line) => line.slice(1))

  it('shows the whole difference between before and after', () => {
    expect([side(ofTheLine, '+'), side(ofTheLine, '-')]).toEqual([moduleOf('before'), moduleOf('after')])
  })
  it('shows the difference that observing makes', () => {
    const [after, observed] = [moduleOf('after').join('\n'), moduleOf('observed').join('\n')]
    expect(after.replace(side(ofObserving, '+').join('\n'), side(ofObserving, '-').join('\n'))).toBe(observed)
    expect(after).not.toBe(observed)
  })
})
