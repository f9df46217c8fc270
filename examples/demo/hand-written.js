import express from 'express'
import { DataSource, EntitySchema } from 'typeorm'
import { readOrderForm } from '../shop/order-form.js'

/**
 * The same shop on plain TypeORM, with the transaction of each request written by hand, the way it is in many applications:
 * begun before the route, committed on the response's `finish`, rolled back on an error's status and when the client has left,
 * the connection given back in a `finally`. Its statements are careful: stock and money are changed in the database, not read
 * and written back.
 */

const stamps = {
  id: { type: 'integer', primary: true, generated: true },
  createdAt: { name: 'created_at', type: 'datetime', createDate: true },
  updatedAt: { name: 'updated_at', type: 'datetime', updateDate: true },
  deletedAt: { name: 'deleted_at', type: 'datetime', deleteDate: true, nullable: true },
}

const Product = new EntitySchema({
  name: 'Product',
  tableName: 'product',
  columns: {
    ...stamps,
    name: { type: String },
    priceCents: { name: 'price_cents', type: 'integer' },
    stock: { type: 'integer' },
  },
})

const Customer = new EntitySchema({
  name: 'Customer',
  tableName: 'customer',
  columns: { ...stamps, name: { type: String }, email: { type: String }, spentCents: { name: 'spent_cents', type: 'integer' } },
})

const Order = new EntitySchema({
  name: 'Order',
  tableName: 'order',
  columns: {
    ...stamps,
    reference: { type: String },
    totalCents: { name: 'total_cents', type: 'integer' },
    customerId: { name: 'customer_id', type: 'integer' },
  },
})

const OrderLine = new EntitySchema({
  name: 'OrderLine',
  tableName: 'order_line',
  columns: {
    id: stamps.id,
    orderId: { name: 'order_id', type: 'integer' },
    productId: { name: 'product_id', type: 'integer' },
    productName: { name: 'product_name', type: String },
    priceCents: { name: 'price_cents', type: 'integer' },
    quantity: { type: 'integer' },
  },
})

/** Opens the SQLite file with TypeORM's own driver. */
export async function openDataSource(file) {
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database: file,
    enableWAL: true,
    entities: [Product, Customer, Order, OrderLine],
  })
  return dataSource.initialize()
}

function transactionPerRequest(dataSource, logError) {
  return async (req, res, next) => {
    const runner = dataSource.createQueryRunner()
    await runner.connect()
    await runner.startTransaction()
    req.manager = runner.manager
    let settled = false
    const settle = async (commit) => {
      if (settled) return
      settled = true
      try {
        if (commit) await runner.commitTransaction()
        else await runner.rollbackTransaction()
      } catch (error) {
        // The answer has left: there is nobody to tell.
        logError(error)
        if (runner.isTransactionActive) await runner.rollbackTransaction().catch(logError)
      } finally {
        await runner.release()
      }
    }
    res.on('finish', () => settle(res.statusCode < 400))
    res.on('close', () => settle(false))
    next()
  }
}

async function placeOrder(manager, body, authorise) {
  const { reference, customerId, card, items } = readOrderForm(body)
  await found(manager, Customer, customerId)
  const lines = []
  for (const { productId, quantity } of items) {
    const product = await found(manager, Product, productId)
    const { affected } = await manager
      .createQueryBuilder()
      .update(Product)
      .set({ stock: () => 'stock - :quantity' })
      .where('id = :productId AND stock >= :quantity', { productId, quantity })
      .execute()
    if (affected === 0) throw Object.assign(new Error('Sold out'), { status: 409 })
    lines.push({ productId, productName: product.name, priceCents: product.priceCents, quantity })
  }
  const totalCents = lines.reduce((sum, { priceCents, quantity }) => sum + priceCents * quantity, 0)
  await authorise({ reference, card, cents: totalCents })
  const order = await manager.save(Order, { reference, totalCents, customerId })
  await manager.insert(
    OrderLine,
    lines.map((line) => ({ ...line, orderId: order.id })),
  )
  await manager.increment(Customer, { id: customerId }, 'spentCents', totalCents)
  return order
}

async function found(manager, entity, id, options) {
  const record = await manager.findOne(entity, { where: { id: Number(id) }, ...options })
  if (!record) throw Object.assign(new Error('Not found'), { status: 404 })
  return record
}

async function browse(manager, query) {
  const perPage = 12
  const page = Number(query.page ?? 1)
  const [items, total] = await manager.findAndCount(Product, { order: { id: 'ASC' }, skip: (page - 1) * perPage, take: perPage })
  return { items, meta: { page, perPage, total, totalPages: Math.ceil(total / perPage) } }
}

/**
 * @param {DataSource} dataSource
 * @param {{ authorise: (payment: object) => Promise<void>, logError: (error: unknown) => void }} options
 */
export function createHandWrittenApp(dataSource, { authorise, logError }) {
  const app = express()
  app.use(transactionPerRequest(dataSource, logError), express.json())

  app.get('/products', async (req, res) => res.json(await browse(req.manager, req.query)))
  app.delete('/products/:id', async (req, res) => {
    const product = await found(req.manager, Product, req.params.id)
    res.json(await req.manager.softRemove(Product, product))
  })
  app.post('/products/:id/restore', async (req, res) => {
    const product = await found(req.manager, Product, req.params.id, { withDeleted: true })
    res.json(await req.manager.recover(Product, product))
  })
  app.delete('/customers/:id', async (req, res) => {
    await req.manager.remove(Customer, await found(req.manager, Customer, req.params.id))
    res.sendStatus(204)
  })
  app.post('/orders', async (req, res) => res.status(201).json(await placeOrder(req.manager, req.body, authorise)))

  app.use((error, _req, res, next) => {
    if (res.closed) return
    if (res.headersSent) return next(error)
    res.status(error.status ?? 500).json({ error: error.message })
  })
  return app
}
