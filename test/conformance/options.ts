import { InvalidOptionError } from '@active-alchemy/core'
import { afterEach, expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, type Store } from './store.ts'

const everyObject: object = Object.prototype

/** Options of verbs: none is misspelt in silence, and none comes from somewhere else than the call. */
export function optionRows(database: TestDatabase): void {
  const row = (title: string, run: (store: Store) => Promise<void>): void => {
    it(title, () => inStore(database, run))
  }
  /** An option by a name that no type lets pass, as plain JavaScript gives it. */
  const misspelt = (name: string): never => ({ [name]: true }) as never
  const settled = (call: () => unknown): Promise<unknown> =>
    Promise.resolve()
      .then(call)
      .then(
        () => 'taken',
        (error: unknown) => error,
      )

  row('an option that a verb does not know is refused by name, and the one that was meant is told', async ({ db, User }) => {
    const user = await User.create({ name: 'a' })
    const calls: readonly (readonly [string, string, () => unknown])[] = [
      ['includeDeletd', 'includeDeleted', () => User.get(1, misspelt('includeDeletd'))],
      ['for_update', 'forUpdate', () => User.getOrError(1, misspelt('for_update'))],
      ['onlyDelete', 'onlyDeleted', () => User.filter({ name: 'a' }, misspelt('onlyDelete'))],
      ['skip_locked', 'skipLocked', () => User.query().forUpdate(misspelt('skip_locked'))],
      ['ungarded', 'unguarded', () => User.create({ name: 'b' }, misspelt('ungarded'))],
      ['ungarded', 'unguarded', () => User.createMany([{ name: 'b' }], misspelt('ungarded'))],
      ['ungarded', 'unguarded', () => user.update({ name: 'b' }, misspelt('ungarded'))],
      ['ungarded', 'unguarded', () => user.set({ name: 'b' }, misspelt('ungarded'))],
      ['ungarded', 'unguarded', () => User.filter({ name: 'a' }).updateAll({ name: 'b' }, misspelt('ungarded'))],
      ['hard', 'hardDelete', () => user.delete(misspelt('hard'))],
      ['hardDelet', 'hardDelete', () => User.filter({ name: 'a' }).deleteAll(misspelt('hardDelet'))],
      ['isolaton', 'isolation', () => db.transaction(async () => undefined, misspelt('isolaton'))],
      ['minimum', 'min', () => user.increment('points', 1, misspelt('minimum'))],
      ['maxi', 'max', () => user.decrement('points', 1, misspelt('maxi'))],
    ]
    for (const [name, meant, call] of calls) {
      const error = await settled(call)
      expect(error).toBeInstanceOf(InvalidOptionError)
      expect(String(error)).toMatch(new RegExp(`The option ${name} of .+ is unknown\\. Did you mean ${meant}\\?`))
    }
    expect(await User.query('name', 'points').all()).toEqual([{ name: 'a', points: 0 }])
  })

  row('a setting of a model is refused so as well', async ({ db }) => {
    expect(() => db.Model('Misspelt', { a: db.Column(db.Integer) }, misspelt('hiden'))).toThrow('Did you mean hidden?')
  })

  const pollution = ['unguarded', 'includeDeleted', 'onlyDeleted', 'hardDelete', 'forUpdate']
  afterEach(() => {
    for (const name of pollution) Reflect.deleteProperty(everyObject, name)
  })

  row('what a package has put on the prototype of all objects switches no guard off', async ({ User }) => {
    const user = await User.create({ name: 'a' })
    await User.create({ name: 'gone' }).delete()
    for (const name of pollution)
      Reflect.defineProperty(everyObject, name, { value: true, configurable: true, enumerable: true, writable: true })
    for (const options of [undefined, {}]) {
      await expect(settled(() => User.create({ name: 'x', id: 4711 } as never, options))).resolves.toMatchObject({
        code: 'PROTECTED_COLUMN',
      })
      await expect(settled(() => user.update({ createdAt: null } as never, options))).resolves.toMatchObject({ code: 'PROTECTED_COLUMN' })
      await expect(settled(() => User.filter({ name: 'a' }).updateAll({ id: 9 } as never, options))).resolves.toMatchObject({
        code: 'PROTECTED_COLUMN',
      })
      expect([await User.get(1, options), await User.get(2, options)]).toMatchObject([{ name: 'a' }, null])
      expect(await User.query(options).count()).toBe(1)
    }
    await user.delete({})
    expect(await User.filter({ name: 'gone' }).deleteAll({})).toBe(0)
    for (const name of pollution) Reflect.deleteProperty(everyObject, name)
    expect(await User.query({ onlyDeleted: true }).count()).toBe(2)
  })
}
