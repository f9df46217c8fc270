// One framework in one variant, for binding.mjs.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer } from 'node:http'

const [framework, variant, file] = process.argv.slice(2)

/** Nothing of ours is loaded beside `bare` and `context`: a process that enters no context has cheaper promises. */
const ours = variant === 'bare' || variant === 'context' ? undefined : await open()
const work = ours?.[variant] ?? (async () => ({ still: true }))

/** What any library pays that knows the current request: Node's own way to tell. */
const storage = variant === 'context' ? new AsyncLocalStorage() : undefined

/** What the handler does in each variant that has a database. */
async function open() {
  const { ActiveAlchemy } = await import('@active-alchemy/core')
  const db = new ActiveAlchemy(`sqlite:///${file}`)
  class Note extends db.Model('Note', { text: db.Column(db.String(50)) }) {}
  await db.createAll()
  await Note.create({ text: 'read again and again' })
  return {
    db,
    read: async () => ({ note: (await Note.get(1)).text }),
    write: async () => ({ id: (await Note.create({ text: 'a line' })).id }),
  }
}

const servers = {
  async 'node:http'() {
    const answer = async (res) => {
      const body = JSON.stringify(await work())
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
    }
    if (storage) return createServer((req, res) => void storage.run({ req }, () => answer(res)))
    if (!ours) return createServer((_req, res) => void answer(res))
    const { bindHttp } = await import('@active-alchemy/core/http')
    return createServer((req, res) => void bindHttp(req, res, () => res.writeHead(500).end()).run(() => answer(res)))
  },
  async express() {
    const { default: express } = await import('express')
    const app = express()
    // One layer of Express costs about as much as the adapter, so the bare one has a layer that does nothing.
    if (storage) app.use((req, _res, next) => storage.run({ req }, next))
    else if (ours) app.use((await import('@active-alchemy/express')).middleware(ours.db))
    else app.use((_req, _res, next) => next())
    app.get('/', (_req, res, next) => void work().then((body) => res.json(body), next))
    return createServer(app)
  },
  async fastify() {
    const { fastify } = await import('fastify')
    const app = fastify()
    if (storage) app.addHook('onRequest', (request, _reply, done) => storage.run({ request }, done))
    if (ours) await app.register((await import('@active-alchemy/fastify')).plugin(ours.db))
    app.get('/', () => work())
    await app.ready()
    return app.server
  },
  async koa() {
    const { default: Koa } = await import('koa')
    const app = new Koa()
    if (storage) app.use((ctx, next) => storage.run({ ctx }, next))
    if (ours) app.use((await import('@active-alchemy/koa')).middleware(ours.db))
    app.use(async (ctx) => {
      ctx.body = await work()
    })
    const handle = app.callback()
    return createServer((req, res) => void handle(req, res))
  },
  'nest on express': async () => nest((await import('@nestjs/platform-express')).ExpressAdapter),
  'nest on fastify': async () => nest((await import('@nestjs/platform-fastify')).FastifyAdapter),
}

async function nest(Adapter) {
  await import('reflect-metadata')
  const { Controller, Get, Module } = await import('@nestjs/common')
  const { NestFactory } = await import('@nestjs/core')
  class Notes {
    answer() {
      return work()
    }
  }
  Get()(Notes.prototype, 'answer', Object.getOwnPropertyDescriptor(Notes.prototype, 'answer'))
  Controller()(Notes)
  class App {}
  const imports = ours ? [(await import('@active-alchemy/nest')).AlchemyModule.forRoot({ db: ours.db })] : []
  Module({ controllers: [Notes], imports })(App)
  const app = await NestFactory.create(App, new Adapter(), { logger: false })
  if (storage && Adapter.name === 'FastifyAdapter') {
    const fastify = app.getHttpAdapter().getInstance()
    fastify.addHook('onRequest', (request, _reply, done) => storage.run({ request }, done))
  } else if (storage) app.use((req, _res, next) => storage.run({ req }, next))
  await app.init()
  // Fastify routes when it is ready; Express has nothing of the kind.
  await app.getHttpAdapter().getInstance().ready?.()
  return app.getHttpServer()
}

const server = await servers[framework]()
// The turns of the others may take longer than a connection is kept.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
// Whoever stops the measurement stops what it has started.
process.on('disconnect', () => process.exit())
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ micros: user + system })
})
