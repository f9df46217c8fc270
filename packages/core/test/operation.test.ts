import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { BaseModel } from '../src/model/base-model.js'
import { Model } from '../src/model/model.js'
import { Database } from '../src/model/database.js'
import { ModelSession } from '../src/model/model-session.js'
import { RecordPromise } from '../src/model/record-promise.js'
import { Query } from '../src/query/query.js'
import { beginOperation, Operation } from '../src/scope/operation.js'
import { Session } from '../src/session/session.js'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', { name: db.Column(db.Text), points: db.Column(db.Integer, { default: 0 }) }) {}

beforeAll(() => db.createAll())
afterAll(() => db.close())

/** What a member is called with, where nothing at all will not do. */
const parameters: Readonly<Record<string, readonly unknown[]>> = {
  builder: ['u'],
  call: ['onCommit', () => undefined],
  columns: [{ name: 'name' }],
  createMany: [[{ name: 'a' }]],
  decrement: ['points'],
  filter: [{}],
  get: [1],
  getMany: [[1]],
  getOrError: [1],
  increment: ['points'],
  in: [undefined],
  set: [{ name: 'b' }],
  transaction: [async () => undefined],
}

/** What gives a promise, and is none of a scope's business. */
const alone: Readonly<Record<string, string>> = {
  close: 'it ends the database',
  createAll: 'a schema belongs to no scope',
  dropAll: 'a schema belongs to no scope',
  migrate: 'a schema belongs to no scope',
  pendingMigrations: 'a schema belongs to no scope',
  ping: 'it asks the server, not a session',
  health: 'it asks the server, not a session',
  reflect: 'a schema belongs to no scope',
  run: 'it is a scope of its own',
  sandbox: 'scopes are in it, and it is in none',
  truncateAll: 'a schema belongs to no scope',
}

/** Names of the methods that a class adds to those below it. */
function methods(prototype: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor')
    .map(([name]) => name)
}

/** Calls every method of `subject`, and names those whose promise is an operation, and those whose is none. */
async function promising(subject: () => object, ...prototypes: readonly object[]): Promise<Record<'verbs' | 'floating', string[]>> {
  const [verbs, floating]: [string[], string[]] = [[], []]
  for (const name of new Set(prototypes.flatMap(methods))) {
    if (Object.hasOwn(alone, name)) continue
    const scope = db.run(async () => {
      const target = subject()
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== 'function') return
      let result: unknown
      try {
        result = Reflect.apply(method, target, parameters[name] ?? [])
      } catch {
        return
      }
      if (!(result instanceof Promise)) return
      ;(result instanceof Operation ? verbs : floating).push(name)
      await result.catch(() => undefined)
    })
    await scope.catch(() => undefined)
  }
  return { verbs, floating }
}

describe('every verb goes through the one door: its promise is an operation, which its scope waits for and fails with', () => {
  it.each<[string, () => object, readonly object[], readonly string[]]>([
    [
      'statics of a model',
      () => User,
      [Model, BaseModel],
      ['get', 'create', 'createMany', 'count', 'exists', 'paginate', 'paginateByCursor'],
    ],
    ['methods of a record', () => new User({ name: 'a' }), [Model.prototype, BaseModel.prototype], ['save', 'delete', 'increment']],
    ['methods of a query', () => User.query(), [Query.prototype], ['all', 'first', 'scalar', 'paginate', 'paginateByCursor', 'deleteAll']],
    ['methods of a session', () => db.session, [ModelSession.prototype], ['get']],
    ['methods of a chain', () => User.create({ name: 'a' }), [RecordPromise.prototype], ['save', 'set', 'toDict']],
    ['methods of a database', () => db, [ActiveAlchemy.prototype, Database.prototype], ['flush', 'commit', 'rollback', 'transaction']],
  ])('%s', async (_, subject, prototypes, some) => {
    const { verbs, floating } = await promising(subject, ...prototypes)
    expect(floating).toEqual([])
    expect(verbs).toEqual(expect.arrayContaining([...some]))
  })

  it('the public verbs of a session', async () => {
    const verbs = ['add', 'delete', 'flush', 'commit', 'rollback', 'remove']
    for (const verb of verbs) expect(methods(Session.prototype)).toContain(verb)
    await db.run(async () => {
      const record = await User.create({ name: 'a' })
      for (const begin of [
        () => db.session.flush(),
        () => db.session.delete(record),
        () => db.session.commit(),
        () => db.session.rollback(),
        () => db.session.remove(),
      ]) {
        const promise = begin()
        expect(promise).toBeInstanceOf(Operation)
        await promise
      }
    })
  })

  it('a statement of db.sql', async () => {
    const forgotten = db.run(async () => {
      await User.create({ name: 'lost' })
      void db.sql`select nope from user`.then((rows) => rows).catch(() => undefined)
    })
    await expect(forgotten).rejects.toMatchObject({ code: 'SESSION_FAILED' })
  })

  it('and a promise that is none is found by this test', async () => {
    class Careless {
      forgets(): Promise<number> {
        return Promise.resolve(1)
      }
      remembers(): Promise<number> {
        return beginOperation(async () => 1)
      }
    }
    expect(await promising(() => new Careless(), Careless.prototype)).toEqual({ verbs: ['remembers'], floating: ['forgets'] })
  })
})
