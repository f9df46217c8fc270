import formbody from '@fastify/formbody'
import fastify from 'fastify'
import { createPages } from '../shop/pages.js'

/**
 * The shop as a Fastify application. Each request is one transaction, committed before its answer leaves.
 *
 * @param {ReturnType<typeof import('../shop/shop.js').createShop>} shop On an `ActiveAlchemy` of this framework.
 * @param {{ report?: import('@active-alchemy/core').Reporter, logError?: (error: unknown) => void }} [options]
 */
export function createApp(shop, { report, logError = console.error } = {}) {
  const app = fastify()
  app.register(shop.db.inspector())
  app.register(shop.db.plugin({ report }))
  app.register(formbody)

  app.setErrorHandler((error, _request, reply) => {
    // Who has left reads no answer; what was begun for him has been rolled back.
    if (reply.raw.closed) return
    const { statusCode, status = statusCode ?? 500, code, expose = status < 500, message } = error
    if (status >= 500) logError(error)
    reply.code(status).send({ code, error: expose ? message : 'Something went wrong. Nothing was changed.' })
  })

  const pages = createPages(shop, { logError })
  const show = (page) => async (request, reply) => {
    const { status, headers, body } = await page({ id: request.params.id, query: request.query, form: request.body })
    return reply.code(status).headers(headers).send(body)
  }
  app.get('/', show(pages.products))
  app.get('/products/:id/edit', show(pages.edit))
  app.post('/products/:id/edit', show(pages.save))
  app.post('/products/:id/delete', show(pages.delete))
  app.post('/products/:id/undo', show(pages.undo))
  app.get('/products/:id/order', show(pages.orderForm))
  app.post('/products/:id/order', show(pages.order))

  app.get('/products', async (request) => shop.browse(request.query.page))
  app.post('/products', async (request, reply) => reply.code(201).send(await shop.addProduct(request.body)))
  app.delete('/products/:id', async (request) => shop.deleteProduct(request.params.id))
  app.post('/products/:id/restore', async (request) => shop.restoreProduct(request.params.id))

  app.get('/customers', async (request) => shop.listCustomers(request.query.page))
  app.post('/customers', async (request, reply) => reply.code(201).send(await shop.addCustomer(request.body)))
  app.delete('/customers/:id', async (request, reply) => {
    await shop.eraseCustomer(request.params.id)
    return reply.code(204).send()
  })

  app.get('/orders', async (request) => shop.listOrders(request.query.page))
  app.get('/orders/:id', async (request) => shop.findOrder(request.params.id))
  app.post('/orders', async (request, reply) => reply.code(201).send(await shop.placeOrder(request.body)))

  return app
}
