import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { initApp, middleware } from '@active-alchemy/koa'
import { bodyParser } from '@koa/bodyparser'
import multer from '@koa/multer'
import Koa, { type Context } from 'koa'
import { type AppParts, type Framework, type Handler, listen, type Reply, statusOf, wordsOf } from './framework.ts'

function application({
  routes,
  routeOptions = {},
  databases,
  options = {},
  errorStatus,
  errors,
  mountTwice,
  initAppLast,
  beneath,
  between,
  over,
}: AppParts): Koa {
  const app = new Koa()
  const ofRoute = Object.fromEntries(Object.entries(routeOptions).map(([route, each]) => [route, middleware(each)]))
  app.silent = true
  const own = async (ctx: Context, next: Koa.Next): Promise<void> => {
    try {
      await next()
    } catch (error) {
      ctx.status = errorStatus ?? statusOf(error)
      ctx.body = wordsOf(error)
    }
  }
  if (errors === undefined || errors === 'application') app.use(own)
  const bindOptions = { ...options, json: errors === 'json' }
  if (beneath) app.use(({ req, res }, next) => (beneath(req, res), next()))
  if (!initAppLast) app.use(middleware(...databases, bindOptions))
  if (over) app.use(({ req, res }, next) => (over(req, res), next()))
  if (between) app.use((_ctx, next) => new Promise((resolve, reject) => between(() => void next().then(resolve, reject))))
  if (mountTwice) app.use(middleware(...databases, options))
  app.use(bodyParser({ jsonLimit: '5mb' }))
  app.use(multer().any())
  app.use(async (ctx) => {
    const asked = `${ctx.method === 'HEAD' ? 'GET' : ctx.method} ${ctx.path}`
    const found = Object.keys(routes).find((route) => new RegExp(`^${route.replace(/:\w+/g, '[^/]+')}$`).test(asked))
    const [handler, own] = found === undefined ? [] : [routes[found], ofRoute[found]]
    if (!handler) return
    const answering = (): Promise<void> => answer(handler, ctx)
    // As a router does with the middleware of a route.
    await (own ? own(ctx, answering) : answering())
  })
  if (initAppLast) for (const db of databases) initApp(app, db, bindOptions)
  return app
}

async function answer(handler: Handler, ctx: Context): Promise<void> {
  const { req, res } = ctx
  const reply: Reply = await handler({ req, res, body: ctx.request.body })
  if ('json' in reply) {
    ctx.status = reply.status ?? 200
    ctx.body = reply.json
  } else if ('text' in reply) ctx.body = reply.text
  else if ('redirect' in reply) ctx.redirect(reply.redirect)
  else if ('file' in reply) {
    ctx.type = 'text'
    ctx.body = createReadStream(reply.file)
  } else if ('stream' in reply) ctx.body = reply.stream
  else if ('raw' in reply) {
    passBy(ctx)
    await reply.raw(res)
  } else if ('twice' in reply) {
    // Koa says a body last, so the first answer goes past it.
    res.statusCode = 200
    res.end(JSON.stringify(reply.twice[0]))
    ctx.body = reply.twice[1]
  } else {
    ctx.body = null
    ctx.status = reply.status
  }
}

/** The handler answers on the raw response, whose status is Koa's 404 until someone says otherwise. */
function passBy(ctx: Context): void {
  ctx.respond = false
  ctx.status = 200
}

export const koa3: Framework = {
  name: 'koa 3',
  lacks: { 'events in the session': 'Koa sends the answer after its middleware, and so outside the session' },
  start(parts) {
    const handle = application(parts).callback()
    const onRequest = (...exchange: Parameters<typeof handle>): void => void handle(...exchange)
    return listen(parts.http2 ? createHttp2Server(onRequest) : createServer(onRequest))
  },
}
