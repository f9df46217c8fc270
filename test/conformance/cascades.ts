import type { ActiveAlchemy } from '@active-alchemy/core'
import { Settings } from 'luxon'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'

/** A shop whose orders go with their customer, and lines with their order; invoices stay, and so do tags. */
function shop(db: ActiveAlchemy) {
  class Customer extends db.Model('Customer', { name: db.Column(db.String(20)) }) {
    static relations = this.relate({
      orders: db.OneToMany(() => Order, 'customer', { cascade: ['soft-remove', 'recover'] }),
      invoices: db.OneToMany(() => Invoice, 'customer', { cascade: ['insert'] }),
      card: db.OneToOne(() => Card, 'customer', { cascade: ['soft-remove', 'recover'] }),
      visits: db.OneToMany(() => Visit, 'customer', { cascade: true }),
    })
    declare orders?: Order[]
    declare invoices?: Invoice[]
    declare card?: Card | null
    declare visits?: Visit[]
  }
  class Order extends db.Model('Order', { number: db.Column(db.Integer), version: db.Version() }, { tableName: 'orders' }) {
    static relations = this.relate({
      customer: db.ManyToOne(() => Customer, 'orders', { nullable: true }),
      lines: db.OneToMany(() => Line, 'order', { cascade: ['soft-remove', 'recover'] }),
    })
    declare customer?: Customer | null
    declare lines?: Line[]
  }
  class Line extends db.Model('Line', { text: db.Column(db.String(20)) }) {
    static relations = this.relate({ order: db.ManyToOne(() => Order, 'lines', { nullable: true }) })
    declare order?: Order | null
  }
  class Invoice extends db.Model('Invoice', { number: db.Column(db.Integer) }) {
    static relations = this.relate({ customer: db.ManyToOne(() => Customer, 'invoices', { nullable: true }) })
    declare customer?: Customer | null
  }
  class Card extends db.Model('Card', { code: db.Column(db.String(20)) }) {
    static relations = this.relate({ customer: db.OneToOne(() => Customer, 'card', { joinColumn: true, nullable: true }) })
    declare customer?: Customer | null
  }
  /** Its rows are only ever deleted for good. */
  class Visit extends db.BaseModel('Visit', { id: db.Column(db.Integer, { primary: true, generated: true }) }) {
    static relations = this.relate({ customer: db.ManyToOne(() => Customer, 'visits', { nullable: true }) })
    declare customer?: Customer | null
  }
  class Node extends db.Model('Node', { name: db.Column(db.String(20)) }) {
    static relations = this.relate({
      parent: db.ManyToOne(() => Node, 'children', { nullable: true }),
      children: db.OneToMany(() => Node, 'parent', { cascade: ['soft-remove', 'recover'] }),
    })
    declare parent?: Node | null
    declare children?: Node[]
  }
  return { Customer, Order, Line, Invoice, Card, Visit, Node }
}

/** Two customers with two orders each, of two lines each. */
async function fill(db: ActiveAlchemy) {
  const models = shop(db)
  const { Customer, Order, Line, Invoice, Card, Visit } = models
  await db.createAll()
  for (const name of ['Ada', 'Bob']) {
    const customer = await Customer.create({ name })
    await Card.create({ code: name, customer })
    await Invoice.create({ number: 1, customer })
    await Visit.create({ customer })
    for (const number of [1, 2]) {
      const order = await Order.create({ number, customer })
      await Line.createMany([
        { text: 'a', order },
        { text: 'b', order },
      ])
    }
  }
  const live = async (): Promise<number[]> =>
    Promise.all([Customer, Order, Line, Invoice, Card, Visit].map((model) => (model as typeof Customer).count()))
  return { ...models, live }
}

const all = [2, 4, 8, 2, 2, 2]
const withoutAda = [1, 2, 4, 2, 1, 2]

/** Soft deletion follows relations that say `soft-remove`, and restoring those that say `recover`. */
export function cascadeRows(database: TestDatabase): void {
  const row = rowIn(database)
  const inShop = (title: string, run: (models: Awaited<ReturnType<typeof fill>>, store: Store) => Promise<void>): void =>
    row(title, async (store) => run(await fill(store.db), store))

  inShop('a record takes its children with it, at every depth, and brings them back', async ({ Customer, live }, { db }) => {
    expect(await live()).toEqual(all)
    const ada = await Customer.getOrError(1)
    expect(await ada.delete()).toBe(ada)
    expect(await live()).toEqual(withoutAda)
    await ada.restore()
    expect(await live()).toEqual(all)
    await db.run(async () => {
      await Customer.get(1).delete()
      expect(await live()).toEqual(withoutAda)
      await Customer.get(1, { includeDeleted: true }).delete(false)
      expect(await live()).toEqual(all)
      await Customer.get(1).delete()
    })
    expect(await live()).toEqual(withoutAda)
  })

  inShop('what was deleted by itself stays deleted, also in the same millisecond', async ({ Customer, Order, Line, live }) => {
    const { now } = Settings
    try {
      const moment = Date.now()
      Settings.now = () => moment
      await Order.get(1).delete()
      await Line.get(3).delete()
      await Customer.get(1).delete()
    } finally {
      Settings.now = now
    }
    await Customer.get(1, { includeDeleted: true }).restore()
    expect(await live()).toEqual([2, 3, 5, 2, 2, 2])
    await Order.get(1, { includeDeleted: true }).restore()
    // A second deletion keeps the first time, and takes nothing with it.
    const ada = await Customer.getOrError(1)
    await ada.delete()
    await Order.get(2, { includeDeleted: true }).restore()
    await ada.delete()
    expect(await Order.count()).toBe(3)
  })

  inShop('few statements, however many records there are', async ({ Customer, Line, Order }, { sent }) => {
    const order = await Order.getOrError(1)
    await Line.createMany(Array.from({ length: 500 }, (_, index) => ({ text: `${index}`, order })))
    const deleting = await sent(() => Customer.get(1).delete())
    const restoring = await sent(() => Customer.get(1, { includeDeleted: true }).restore())
    expect([deleting.length, restoring.length]).toEqual([11, 12])
    expect(await Line.count()).toBe(508)
  })

  inShop('the objects follow, and all is undone with what fails', async ({ Customer, Order, live }, { db }) => {
    const loose = await Customer.getOrError(1, { with: ['orders'] })
    await loose.delete()
    expect(loose.orders.map(({ isDeleted }) => isDeleted)).toEqual([true, true])
    expect(loose.orders.map(({ deletedAt }) => deletedAt?.toMillis())).toEqual([1, 2].map(() => loose.deletedAt?.toMillis()))
    await loose.restore()
    expect(loose.orders.map(({ isDeleted }) => isDeleted)).toEqual([false, false])
    await db.run(async () => {
      const ada = await Customer.getOrError(1)
      const order = await Order.getOrError(1)
      await expect(
        db.transaction(async () => {
          await ada.delete()
          expect([order.isDeleted, order.version]).toEqual([true, 4])
          throw new Error('undo')
        }),
      ).rejects.toThrow('undo')
      expect([ada.isDeleted, order.isDeleted, order.version]).toEqual([false, false, 3])
      await order.update({ number: 7 })
    })
    expect(await live()).toEqual(all)
  })

  inShop('children with hooks hear of it, and one that throws undoes all', async ({ Customer, Line, live }) => {
    const heard: string[] = []
    Line.after('delete', ({ id }) => void heard.push(`delete ${id}`))
    Line.after('restore', ({ id }) => void heard.push(`restore ${id}`))
    await Customer.get(1).delete()
    await Customer.get(1, { includeDeleted: true }).restore()
    const each = (event: string): string[] => [1, 2, 3, 4].map((id) => `${event} ${id}`)
    expect(heard.toSorted()).toEqual([...each('delete'), ...each('restore')])
    expect(await live()).toEqual(all)
    Line.before('delete', ({ id }) => {
      if (id === 3) throw new Error('not this one')
    })
    await expect(Customer.get(1).delete()).rejects.toThrow('not this one')
    expect(await live()).toEqual(all)
  })

  inShop('bulk writes, and deletion for good, follow no relation', async ({ Customer, live }) => {
    await Customer.filter({ id: 1 }).deleteAll()
    expect(await live()).toEqual([1, 4, 8, 2, 2, 2])
    await Customer.filter({ id: 1 }).restoreAll()
    await Customer.get(1).delete()
    await Customer.filter({ id: 1 }).restoreAll()
    expect(await live()).toEqual([2, 2, 4, 2, 1, 2])
  })

  inShop('a tree goes as a whole, also one that leads back to itself', async ({ Node }) => {
    const root = await Node.create({ name: 'root' })
    const child = await Node.create({ name: 'child', parent: root })
    const leaf = await Node.create({ name: 'leaf', parent: child })
    await root.update({ parent: leaf })
    await Node.get(2).delete()
    expect(await Node.count()).toBe(0)
    await Node.get(2, { includeDeleted: true }).restore()
    expect(await Node.count()).toBe(3)
  })

  row('in commit: save each is one transaction', async ({ another }) => {
    const { Customer, live, Line } = await fill(another({ commit: 'save' }))
    Line.before('delete', () => {
      throw new Error('no')
    })
    await expect(Customer.get(1).delete()).rejects.toThrow('no')
    expect(await live()).toEqual(all)
  })
}
