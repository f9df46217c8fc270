import express from 'express'
import { createPages } from '../shop/pages.js'

/**
 * The shop as an Express application. Each request is one transaction, committed before its answer leaves.
 *
 * @param {ReturnType<typeof import('../shop/shop.js').createShop>} shop On an `ActiveAlchemy` of this framework.
 * @param {{ report?: import('@active-alchemy/core').Reporter, logError?: (error: unknown) => void }} [options]
 */
export function createApp(shop, { report, logError = console.error } = {}) {
  const app = express()
  app.use(shop.db.inspector(), shop.db.middleware({ report }))
  app.use(express.json(), express.urlencoded())

  const pages = createPages(shop, { logError })
  const show = (page) => async (req, res) => {
    const { status, headers, body } = await page({ id: req.params.id, query: req.query, form: req.body })
    res.status(status).set(headers).send(body)
  }
  app.get('/', show(pages.products))
  app.get('/products/:id/edit', show(pages.edit))
  app.post('/products/:id/edit', show(pages.save))
  app.post('/products/:id/delete', show(pages.delete))
  app.post('/products/:id/undo', show(pages.undo))
  app.get('/products/:id/order', show(pages.orderForm))
  app.post('/products/:id/order', show(pages.order))

  app.get('/products', async (req, res) => res.json(await shop.browse(req.query.page)))
  app.post('/products', async (req, res) => res.status(201).json(await shop.addProduct(req.body)))
  app.delete('/products/:id', async (req, res) => res.json(await shop.deleteProduct(req.params.id)))
  app.post('/products/:id/restore', async (req, res) => res.json(await shop.restoreProduct(req.params.id)))

  app.get('/customers', async (req, res) => res.json(await shop.listCustomers(req.query.page)))
  app.post('/customers', async (req, res) => res.status(201).json(await shop.addCustomer(req.body)))
  app.delete('/customers/:id', async (req, res) => {
    await shop.eraseCustomer(req.params.id)
    res.sendStatus(204)
  })

  app.get('/orders', async (req, res) => res.json(await shop.listOrders(req.query.page)))
  app.get('/orders/:id', async (req, res) => res.json(await shop.findOrder(req.params.id)))
  app.post('/orders', async (req, res) => res.status(201).json(await shop.placeOrder(req.body)))

  app.use(shop.db.errorHandler())
  app.use((error, _req, res, next) => {
    // Who has left reads no answer; what was begun for him has been rolled back.
    if (res.closed) return
    if (res.headersSent) return next(error)
    const { status = 500, code, expose, message } = error
    if (status >= 500) logError(error)
    res.status(status).json({ code, error: expose ? message : 'Something went wrong. Nothing was changed.' })
  })
  return app
}
