import { and, between, gt, gte, isNull, lt, lte, not, oneOf, or } from '@active-alchemy/core'
import { expect } from 'vitest'
import { Between, Equal, In, IsNull, LessThan, LessThanOrEqual, Like, MoreThan, MoreThanOrEqual, Not, Or, Raw } from 'typeorm'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'

/** What a filter means, and what it refuses. */
export function filterRows(database: TestDatabase): void {
  const row = rowIn(database)
  const people = ({ User }: Store): Promise<unknown> =>
    User.createMany([
      { name: 'Ada', location: 'London', points: 3 },
      { name: 'Bob', location: 'Moon', points: 1 },
      { name: 'Cid', location: 'Moon', points: 2, email: 'cid@example.org' },
    ])
  const found = async ({ User }: Store, filter: unknown): Promise<string> =>
    (
      await User.filter(filter as never)
        .orderBy('name')
        .all()
    )
      .map(({ name }) => name.charAt(0))
      .join('')
  const refused = (status = 400): object => expect.objectContaining({ code: 'INVALID_FILTER', status, expose: true }) as object

  /** What became of a call: its result, or its error. */
  const outcome = async (call: () => unknown): Promise<unknown> => {
    try {
      return await call()
    } catch (error) {
      return error
    }
  }

  row('what JSON can say is a value or refused: null, lists and objects are no operators', async (store) => {
    const { User, statements } = store
    await people(store)
    statements.length = 0
    const values: readonly (readonly [unknown, string])[] = [
      [null, 'isNull()'],
      [['Ada', 'Bob'], 'oneOf([…])'],
      [[], 'oneOf([…])'],
      [{ gt: '' }, 'gt(3)'],
      [{ $ne: null }, 'gt(3)'],
      [JSON.parse('{"type":"moreThan","value":0,"@instanceof":"FindOperator","_type":"moreThan","_value":""}'), 'gt(3)'],
      [JSON.parse(JSON.stringify(oneOf(['Ada']))), 'gt(3)'],
      [undefined, 'isNull()'],
    ]
    for (const [value, remedy] of values) {
      for (const ask of [
        () => User.filter({ name: value } as never).all(),
        () => User.first({ name: value } as never),
        () => User.exists({ name: value } as never),
        () => User.count({ name: value } as never),
        () => User.filter({ email: value } as never).deleteAll(),
      ]) {
        const error = await outcome(ask)
        expect([value, error]).toEqual([value, refused()])
        expect((error as Error).message).toContain(remedy)
      }
    }
    for (const filter of [null, 'name', 5, [], [{ name: 'Ada' }], [[]]]) {
      expect([filter, await outcome(() => User.first(filter as never))]).toEqual([filter, refused()])
    }
    expect(statements).toEqual([])
  })

  row('operators compare as SQL does: a row without a value is found by isNull only', async (store) => {
    await people(store)
    expect(await found(store, { name: oneOf(['Ada', 'Cid', 'Nobody']) })).toBe('AC')
    expect(await found(store, { name: oneOf([]) })).toBe('')
    expect(await found(store, { email: isNull() })).toBe('AB')
    expect(await found(store, { email: not(isNull()) })).toBe('C')
    expect(await found(store, { email: not('x@example.org') })).toBe('C')
    expect(await found(store, { location: not('Moon') })).toBe('A')
    expect(await found(store, { points: gt(1) })).toBe('AC')
    expect(await found(store, { points: gte(2) })).toBe('AC')
    expect(await found(store, { points: lt(2) })).toBe('B')
    expect(await found(store, { points: lte(2) })).toBe('BC')
    expect(await found(store, { points: between(2, 3) })).toBe('AC')
    expect(await found(store, { points: or(gt(2), lt(2)) })).toBe('AB')
    expect(await found(store, { points: and(gt(1), not(3)) })).toBe('C')
    expect(await found(store, or({ name: 'Ada' }, { location: 'Moon', points: gt(1) }))).toBe('AC')
    expect(await found(store, not({ location: 'Moon' }))).toBe('A')
  })

  row("TypeORM's operators are taken, with their values checked; those that differ between databases are refused", async (store) => {
    const { User } = store
    await people(store)
    expect(await found(store, { name: In(['Ada', 'Cid']) })).toBe('AC')
    expect(await found(store, { name: Equal('Ada') })).toBe('A')
    expect(await found(store, { email: IsNull() })).toBe('AB')
    expect(await found(store, { email: Not(IsNull()) })).toBe('C')
    expect(await found(store, { points: MoreThan(1) })).toBe('AC')
    expect(await found(store, { points: MoreThanOrEqual(2) })).toBe('AC')
    expect(await found(store, { points: LessThan(2) })).toBe('B')
    expect(await found(store, { points: LessThanOrEqual(2) })).toBe('BC')
    expect(await found(store, { points: Between(2, 3) })).toBe('AC')
    expect(await found(store, { points: Or(Equal(1), Equal(3)) })).toBe('AB')
    for (const operator of [Like('A%'), Raw('1 = 1'), MoreThan('1 or 1=1'), In([{ $gt: 1 }]), Equal(null)]) {
      expect(await outcome(() => User.filter({ points: operator as never }).all())).toEqual(refused())
    }
  })

  row('nothing is not everything: an empty filter finds no first record', async (store) => {
    const { User } = store
    await people(store)
    const body = JSON.parse('{}') as { filter?: never }
    for (const empty of [undefined, body.filter, body, { name: undefined }, null]) {
      for (const ask of [
        () => User.first(empty as never),
        () => User.firstOrError(empty as never),
        () => User.firstOrError(empty as never, () => 'none'),
        () => User.exists(empty as never),
      ]) {
        expect([empty, await outcome(ask)]).toEqual([empty, refused()])
      }
    }
    expect(await User.first()).toBeInstanceOf(User)
    expect(await User.firstOrError()).toBeInstanceOf(User)
    expect([await User.exists(), await User.count({}), await found(store, {})]).toEqual([true, 3, 'ABC'])
  })

  row('a filter of any size is answered, or refused with 400 before it is sent', async (store) => {
    const { User } = store
    await people(store)
    const many = <T>(count: number, each: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => each(index))
    expect(await found(store, or(...many(500, (points) => ({ points }))))).toBe('ABC')
    expect(await found(store, { points: oneOf(many(20_000, (index) => index)) })).toBe('ABC')
    let deep: unknown = { points: 1 }
    for (let level = 0; level < 5_000; level++) deep = or(deep as never)
    const nested = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as unknown
    store.statements.length = 0
    for (const filter of [
      or(...many(1_000, (points) => ({ points }))),
      many(1_000, (points) => ({ points })),
      { points: oneOf(many(70_000, (index) => index)) },
      deep,
      nested,
      { points: nested },
      { name: 'x'.repeat(1_000_000) },
      { ['x'.repeat(1_000_000)]: 1 },
    ]) {
      const error = await outcome(() => User.filter(filter as never).all())
      expect(error).toEqual(refused())
      expect((error as Error).message.length).toBeLessThan(500)
    }
    // Each is one that a statement takes; together they are not.
    const part = { points: oneOf(many(20_000, (index) => index)) }
    const tooMany = () => User.filter(part).filter(part).filter(part).filter(part)
    for (const ask of [
      () => tooMany().all(),
      () => tooMany().count(),
      () => tooMany().updateAll({ points: 1 }),
      () => tooMany().deleteAll(),
    ]) {
      const error = await outcome(ask)
      expect(error).toEqual(refused())
      expect((error as Error).message).toMatch(/8000\d values are more than the \d+ of a statement\. Ask for fewer at a time\.$/)
    }
    expect(store.statements).toEqual([])
  })

  row('a name that is no column is answered with those that are, without the hidden ones', async ({ db }) => {
    class Account extends db.Model('Account', { login: db.Column(db.String(20)), hash: db.Column(db.String(20), { hidden: true }) }) {}
    const ask = Account.query() as { filter(filter: unknown): unknown; orderBy(name: string): unknown; groupBy(name: string): unknown }
    for (const call of [() => ask.filter({ lgoin: 'a' }), () => ask.orderBy('lgoin'), () => ask.groupBy('lgoin')]) {
      const error = await outcome(call)
      expect(error).toEqual(refused())
      expect((error as Error).message).toMatch(/lgoin.*It has .*\blogin\b/)
      expect((error as Error).message).not.toContain('hash')
    }
  })
}
