import { ActiveAlchemy, type ActiveAlchemyOptions, CommitError, ModelDefinitionError } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import type { MigrationInterface } from 'typeorm'
import type { TestDatabase } from '../databases/database.ts'

/** An order, and its customer in a database of its own. */
function models(db: ActiveAlchemy<never, object, 'users'>) {
  class Order extends db.Model('Order', {
    text: db.Column(db.String(20)),
    customerId: db.Column(db.Integer, { nullable: true }),
  }) {}
  class Customer extends db.Model('Customer', { name: db.Column(db.String(20), { unique: true }) }, { bindKey: 'users' }) {}
  return { Order, Customer }
}

interface Shop extends ReturnType<typeof models> {
  readonly db: ActiveAlchemy<never, object, 'users'>
  readonly uris: readonly [string, string]
  /** How many orders and customers are committed. */
  readonly kept: () => Promise<[number, number]>
  readonly tables: () => Promise<string[][]>
}

/** Several databases from one set of models: a model names its database by key. */
export function bindRows(database: TestDatabase): void {
  const row = (
    title: string,
    run: (shop: Shop) => Promise<void>,
    options: (uri: string) => Partial<ActiveAlchemyOptions<never, object, 'users'>> = () => ({}),
  ): void =>
    it(title, async () => {
      const one = await database.create()
      const two = await database.create()
      const db = new ActiveAlchemy(one.uri, { name: 'shop', binds: { users: two.uri }, ...options(two.uri) })
      try {
        const made = models(db)
        await db.createAll()
        await run({
          db,
          ...made,
          uris: [one.uri, two.uri],
          kept: () => db.detach(async (): Promise<[number, number]> => [await made.Order.count(), await made.Customer.count()]),
          tables: async () => {
            const all = await Promise.all([db, db.binds.users].map((each) => each.reflect()))
            return all.map((tables) => tables.map(({ name }) => name.replace(/^.*\./, '')).filter((name) => name !== 'typeorm_metadata'))
          },
        })
        for (const { dataSource } of [db, db.binds.users]) expect(dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
      } finally {
        await db.close()
        await one.drop()
        await two.drop()
      }
    })

  row(
    'each table is made, emptied and dropped where its model is, and its verbs go there',
    async ({ db, Order, Customer, tables, kept }) => {
      expect(await tables()).toEqual([['order'], ['customer']])
      const ada = await Customer.create({ name: 'Ada' })
      const order = await Order.create({ text: 'tea', customerId: ada.id })
      expect((await Customer.getOrError(order.customerId)).name).toBe('Ada')
      expect(await db.query(Customer).filter({ name: 'Ada' }).count()).toBe(1)
      expect(await db.of(Customer).count()).toBe(1)
      expect(await db.binds.users.sql`select name from ${Customer}`).toEqual([{ name: 'Ada' }])
      await ada.delete()
      await ada.restore()
      expect([Order.db, Customer.db]).toEqual([db, db.binds.users])
      await db.truncateAll()
      expect(await kept()).toEqual([0, 0])
      await db.dropAll()
      expect(await tables()).toEqual([[], []])
    },
  )

  row('one scope has both: an error undoes both, a success keeps both', async ({ db, Order, Customer, kept }) => {
    const both = async (): Promise<void> => {
      await Customer.create({ name: 'Ada' })
      await Order.create({ text: 'tea' })
    }
    const failing = db.run(async () => {
      await both()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await kept()).toEqual([0, 0])
    await db.run(both)
    expect(await kept()).toEqual([1, 1])
  })

  row('db.transaction is a savepoint of both, db.add, flush, commit and rollback are for both', async ({ db, Order, Customer, kept }) => {
    await db.run(async () => {
      const inner = db.transaction(async () => {
        await Order.create({ text: 'undone' })
        await Customer.create({ name: 'undone' })
        throw new Error('inner')
      })
      await expect(inner).rejects.toThrow('inner')
      await db.transaction(async () => {
        await Order.create({ text: 'kept' })
        await Customer.create({ name: 'kept' })
      })
    })
    expect(await kept()).toEqual([1, 1])
    await db.run(async () => {
      db.add(new Order({ text: 'added' }), new Customer({ name: 'added' }))
      await db.flush()
      await db.rollback()
      db.add(new Order({ text: 'added' }), new Customer({ name: 'added' }))
      await db.commit()
      expect(await kept()).toEqual([2, 2])
      await Order.create({ text: 'open' })
      await Customer.create({ name: 'open' })
      await db.rollback()
    })
    expect(await kept()).toEqual([2, 2])
  })

  row('a db.commit() that the second refuses says what is kept and what is not', async ({ db, Order, Customer, kept }) => {
    for (const sql of database.prepareBreak) {
      await db.binds.users.dataSource.query(sql.replace('references note(id)', 'references customer(id)'))
    }
    const session = db.run(async () => {
      await Order.create({ text: 'kept' })
      await Customer.create({ name: 'lost' })
      for (const sql of database.breakCommit) await db.binds.users.session.manager.query(sql)
      const error: unknown = await db.commit().catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(CommitError)
      expect(error).toMatchObject({ committed: ['shop'], failed: ['users'], code: 'COMMIT_FAILED' })
      await db.rollback()
    })
    await session
    expect(await kept()).toEqual([1, 0])
  })

  row('a sandbox undoes both; health and ping tell of both; close ends both', async ({ db, Order, Customer, kept }) => {
    const box = await db.sandbox()
    await Customer.create({ name: 'Ada' })
    await Order.create({ text: 'tea' })
    expect(await kept()).toEqual([1, 1])
    expect(box.headers['alchemy-sandbox']?.split(',')).toHaveLength(2)
    await box.rollback()
    expect(await kept()).toEqual([0, 0])
    expect(await db.health()).toMatchObject({ ok: true, database: 'shop', binds: { users: { ok: true, database: 'users' } } })
    expect(await db.ping()).toBe(true)
    await db.binds.users.close()
    expect(await db.health()).toMatchObject({ ok: false, binds: { users: { ok: false, error: 'DATABASE_CLOSED' } } })
    db.binds.users.reopen()
    await db.close()
    await expect(Customer.count()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  })

  class AddOrders1764272000001 implements MigrationInterface {
    up = async (): Promise<void> => undefined
    down = async (): Promise<void> => undefined
  }
  class AddUsers1764272000002 extends AddOrders1764272000001 {}
  row(
    'each has its migrations, and db.migrate() runs those of both',
    async ({ db }) => {
      expect((await db.pendingMigrations()).map(({ name }) => name)).toEqual(['AddOrders1764272000001', 'AddUsers1764272000002'])
      expect((await db.binds.users.migrate()).map(({ name }) => name)).toEqual(['AddUsers1764272000002'])
      expect((await db.migrate()).map(({ name }) => name)).toEqual(['AddOrders1764272000001'])
      expect(await db.pendingMigrations()).toEqual([])
    },
    (uri) => ({
      typeorm: { migrations: [AddOrders1764272000001] },
      binds: { users: { uri, typeorm: { migrations: [AddUsers1764272000002] } } },
    }),
  )

  row('classes of decorators and what extends an abstract class name it too; two may have tables of one name', async ({ db, tables }) => {
    class Bound extends db.Model {
      static override readonly abstract = true
      static override readonly bindKey = 'users'
    }
    class Note extends Bound {
      static override readonly tableName = 'note'
      @db.Column(db.String(20)) declare text: string
    }
    class Mark extends db.Model {
      static override readonly bindKey = 'users'
      @db.Column(db.String(20)) declare text: string
    }
    const Shared = db.Model('Shared', { text: db.Column(db.String(20)) }, { abstract: true })
    class There extends db.Model('There', {}, { extends: Shared, tableName: 'note2', bindKey: 'users' }) {}
    class Here extends db.Model('Here', {}, { extends: Shared, tableName: 'note' }) {}
    db.register(Note, Here)
    await db.createAll()
    expect(await tables()).toEqual([
      expect.arrayContaining(['order', 'note']),
      expect.arrayContaining(['customer', 'note', 'note2', 'mark']),
    ])
    await Note.create({ text: 'there' })
    await Mark.create({ text: 'mark' })
    await There.create({ text: 'there too' })
    expect([await Note.count(), await Here.count(), await There.count(), await Mark.count()]).toEqual([1, 0, 1, 1])
  })

  row('a key that is none, a relation to another database and a body that says it late are refused by name', async ({ db, uris }) => {
    const define = () => db.Model('Lost', { text: db.Column(db.Text) }, { bindKey: 'user' })
    expect(define).toThrow(ModelDefinitionError)
    expect(define).toThrow(
      "model Lost cannot be used: its bindKey 'user' is none of the binds of its database. Did you mean users? It has users",
    )

    class Late extends db.Model('Late', { text: db.Column(db.Text) }) {
      static override readonly bindKey = 'users'
    }
    expect(() => db.register(Late)).toThrow(
      "its static bindKey 'users' was seen after it had been defined for another database. Write: db.Model('Late'",
    )

    const other = new ActiveAlchemy(uris[0], { binds: { users: uris[1] } })
    const { Customer } = models(other)
    class Bill extends other.Model('Bill', { text: other.Column(other.Text) }) {
      static relations = this.relate({ customer: other.ManyToOne(() => Customer) })
    }
    expect(() => Bill.query().toSQL()).toThrow(
      "model Bill cannot be used: its relation customer leads to Customer (bindKey 'users'), which is in another database. Keep the key",
    )
    await other.close()
    const bodies = new ActiveAlchemy(uris[0], { binds: { users: uris[1] } })
    class Body extends bodies.Model {
      static relations = this.relate({})
      static override readonly bindKey = 'users'
      @bodies.Column(bodies.Text) declare text: string
    }
    expect(() => bodies.metadata).toThrow(`The model ${Body.name} cannot be used: its static bindKey 'users' was seen after`)
    await bodies.close()
  })

  it('a database that is configured late has binds too, and refuses the keys that it was not told of', async () => {
    const fresh = await database.create()
    const db = new ActiveAlchemy<never, object, 'users'>()
    const { Customer } = models(db)
    await expect(Promise.resolve().then(() => Customer.count())).rejects.toThrow("its bindKey 'users' is none of the binds")
    expect(() => db.configure(fresh.uri)).toThrow(
      "The model Customer cannot be used: its bindKey 'users' is none of the binds of its database. It has none",
    )
    await db.close()
    const late = new ActiveAlchemy<never, object, 'users'>()
    const { Customer: Met } = models(late)
    late.configure(fresh.uri, { binds: { users: 'sqlite://' } })
    await late.createAll()
    expect(await Met.create({ name: 'Ada' }).then(() => Met.count())).toBe(1)
    await late.close()
    await fresh.drop()
  })

  it('what is wrong with a bind is told by its key', () => {
    const made = (binds: unknown) => () => new ActiveAlchemy('sqlite://', { binds } as never)
    expect(made({ users: undefined })).toThrow('The database URI cannot be used: binds.users: it is undefined')
    expect(made({ users: { url: 'sqlite://' } })).toThrow('url')
    expect(made({ users: { uri: 'sqlite://', poolSize: 0 } })).toThrow('poolSize of binds.users')
    expect(made({ users: 'nope' })).toThrow('binds.users')
    expect(made('users')).toThrow('binds')
    expect(() => ActiveAlchemy.from({ type: 'better-sqlite3', database: ':memory:' }, { binds: {} } as never)).toThrow('binds')
  })
}
