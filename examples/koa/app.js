import { bodyParser } from '@koa/bodyparser'
import { Router } from '@koa/router'
import Koa from 'koa'
import { createPages } from '../shop/pages.js'

/**
 * The shop as a Koa application. Each request is one transaction, committed before its answer leaves.
 *
 * @param {ReturnType<typeof import('../shop/shop.js').createShop>} shop On an `ActiveAlchemy` of this framework.
 * @param {{ report?: import('@active-alchemy/core').Reporter, logError?: (error: unknown) => void }} [options]
 */
export function createApp(shop, { report, logError = console.error } = {}) {
  const app = new Koa()
  // What the error handling could not answer: a client who left.
  app.on('error', () => undefined)
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      // Who has left reads no answer; what was begun for him has been rolled back.
      if (ctx.res.closed) return
      const { status = 500, code, expose = status < 500, message } = error
      if (status >= 500) logError(error)
      ctx.status = status
      ctx.body = { code, error: expose ? message : 'Something went wrong. Nothing was changed.' }
    }
  })
  app.use(shop.db.inspector()).use(shop.db.middleware({ report })).use(bodyParser())

  const router = new Router()
  const pages = createPages(shop, { logError })
  const show = (page) => async (ctx) => {
    const { status, headers, body } = await page({ id: ctx.params.id, query: ctx.query, form: ctx.request.body })
    ctx.set(headers)
    answer(ctx, status, body)
  }
  router.get('/', show(pages.products))
  router.get('/products/:id/edit', show(pages.edit))
  router.post('/products/:id/edit', show(pages.save))
  router.post('/products/:id/delete', show(pages.delete))
  router.post('/products/:id/undo', show(pages.undo))
  router.get('/products/:id/order', show(pages.orderForm))
  router.post('/products/:id/order', show(pages.order))

  router.get('/products', async (ctx) => answer(ctx, 200, await shop.browse(ctx.query.page)))
  router.post('/products', async (ctx) => answer(ctx, 201, await shop.addProduct(ctx.request.body)))
  router.delete('/products/:id', async (ctx) => answer(ctx, 200, await shop.deleteProduct(ctx.params.id)))
  router.post('/products/:id/restore', async (ctx) => answer(ctx, 200, await shop.restoreProduct(ctx.params.id)))

  router.get('/customers', async (ctx) => answer(ctx, 200, await shop.listCustomers(ctx.query.page)))
  router.post('/customers', async (ctx) => answer(ctx, 201, await shop.addCustomer(ctx.request.body)))
  router.delete('/customers/:id', async (ctx) => {
    await shop.eraseCustomer(ctx.params.id)
    ctx.status = 204
  })

  router.get('/orders', async (ctx) => answer(ctx, 200, await shop.listOrders(ctx.query.page)))
  router.get('/orders/:id', async (ctx) => answer(ctx, 200, await shop.findOrder(ctx.params.id)))
  router.post('/orders', async (ctx) => answer(ctx, 201, await shop.placeOrder(ctx.request.body)))

  return app.use(router.routes())
}

function answer(ctx, status, body) {
  ctx.status = status
  ctx.body = body
}
