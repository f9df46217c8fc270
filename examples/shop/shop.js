import { readOrderForm } from './order-form.js'
import { authorise as authoriseCard } from './payment.js'

/**
 * A small shop: its models and what can be done in it. It knows no framework; each call belongs to the session of the request
 * in which it is made.
 *
 * @param {import('@active-alchemy/core').ActiveAlchemy} db
 * @param {{ authorise?: (payment: { reference: string, card: string, cents: number }) => Promise<void> }} [options]
 */
export function createShop(db, { authorise = authoriseCard } = {}) {
  class Product extends db.Model('Product', {
    name: db.Column(db.String(80), { length: { min: 1 } }),
    priceCents: db.Column(db.Integer, { min: 0 }),
    stock: db.Column(db.Integer, { default: 0, min: 0 }),
    // Counted by each change, orders included: who edits an old state is told.
    version: db.Version(),
  }) {}

  class Customer extends db.Model(
    'Customer',
    {
      name: db.Column(db.String(80)),
      email: db.Column(db.EmailType(), { unique: true }),
      spentCents: db.Column(db.Integer, { default: 0 }),
    },
    { guarded: ['spentCents'] },
  ) {}

  class Order extends db.Model('Order', {
    // Chosen by the client, who may send an order again after a lost answer: the second is refused, not delivered.
    reference: db.Column(db.String(40), { unique: true }),
    totalCents: db.Column(db.Integer),
  }) {
    static relations = this.relate({
      // Checked at the commit, so that one transaction may put all orders of a customer to another and then erase him.
      customer: db.ManyToOne(() => Customer, { nullable: false, deferrable: 'INITIALLY DEFERRED' }),
    })
  }

  class OrderLine extends db.BaseModel('OrderLine', {
    id: db.Column(db.Integer, { primary: true, generated: true }),
    productName: db.Column(db.String(80)),
    priceCents: db.Column(db.Integer),
    quantity: db.Column(db.Integer),
  }) {
    static relations = this.relate({
      order: db.ManyToOne(() => Order, { nullable: false }),
      product: db.ManyToOne(() => Product, { nullable: false }),
    })
  }

  /** Places an order. Whatever goes wrong on the way, the request rolls back: stock and money are as before. */
  async function placeOrder(body) {
    const { reference, customerId, card, items } = readOrderForm(body)
    const customer = await Customer.getOrError(customerId)
    const lines = []
    for (const { productId, quantity } of items) {
      const product = await Product.getOrError(productId)
      await product.decrement('stock', quantity, { min: 0 })
      lines.push({ product, productName: product.name, priceCents: product.priceCents, quantity })
    }
    const totalCents = lines.reduce((sum, { priceCents, quantity }) => sum + priceCents * quantity, 0)
    await authorise({ reference, card, cents: totalCents })
    const order = await Order.create({ reference, totalCents, customer })
    await OrderLine.createMany(lines.map((line) => ({ ...line, order })))
    // No client may set it; the shop itself counts.
    await customer.increment('spentCents', totalCents, { unguarded: true })
    return order.toDict()
  }

  async function findOrder(id) {
    const order = await Order.getOrError(id)
    const lines = await OrderLine.filter({ order }).all()
    return { ...order.toDict(), lines: lines.map((line) => line.toDict()) }
  }

  return {
    db,
    Product,
    Customer,
    Order,
    OrderLine,
    browse: (page) => Product.paginate({ page, perPage: 12 }),
    addProduct: (values) => Product.create(values),
    findProduct: (id, { includeDeleted = false } = {}) => Product.getOrError(id, { includeDeleted }),
    /** @param seen The state of the product that the change was made for, its `etag`; in another one nothing is changed. */
    changeProduct: (id, values, seen) => Product.getOrError(id, { ifMatch: seen }).update(values),
    /** @param [seen] As above, where it matters. */
    deleteProduct: (id, seen) => Product.getOrError(id, { ifMatch: seen }).delete(),
    restoreProduct: (id) => Product.get(id, { includeDeleted: true }).restore(),
    listCustomers: (page) => Customer.paginate({ page }),
    allCustomers: () => Customer.query().orderBy('name').all(),
    addCustomer: (values) => Customer.create(values),
    eraseCustomer: (id) => Customer.getOrError(id).delete({ hardDelete: true }),
    listOrders: (page) => Order.paginate({ page }),
    placeOrder,
    findOrder,
  }
}

/** Makes the tables, and fills an empty shop with `products` and `customers`. */
export async function openShop({ db, Product, Customer }, products, customers) {
  await db.createAll()
  await db.run(async () => {
    if (await Product.exists()) return
    await Product.createMany(products)
    await Customer.createMany(customers)
  })
}
