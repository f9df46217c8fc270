// One framework in one variant, for binding.mjs.
import { ActiveAlchemy } from '@active-alchemy/core'

const [framework, variant, file] = process.argv.slice(2)
const isBound = variant !== 'bare'

const db = new ActiveAlchemy(`sqlite:///${file}`)
class Note extends db.Model('Note', { text: db.Column(db.String(50)) }) {}
await db.createAll()
await Note.create({ text: 'read again and again' })

/** What the handler does in this variant. */
const work = {
  bare: async () => ({ still: true }),
  untouched: async () => ({ still: true }),
  read: async () => ({ note: (await Note.get(1)).text }),
  write: async () => ({ id: (await Note.create({ text: 'a line' })).id }),
}[variant]

const listeners = {
  async 'node:http'() {
    const { createServer } = await import('node:http')
    const { bindHttp } = await import('@active-alchemy/core/http')
    const answer = async (res) => {
      const body = JSON.stringify(await work())
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
    }
    const fail = (res) => () => res.writeHead(500).end()
    return createServer((req, res) => void (isBound ? bindHttp(req, res, fail(res)).run(() => answer(res)) : answer(res)))
  },
  async express() {
    const { default: express } = await import('express')
    const { middleware } = await import('@active-alchemy/express')
    const app = express()
    // One layer of Express costs about as much as the adapter, so the bare one has a layer that does nothing.
    app.use(isBound ? middleware(db) : (_req, _res, next) => next())
    app.get('/', (_req, res, next) => void work().then((body) => res.json(body), next))
    return (await import('node:http')).createServer(app)
  },
  async fastify() {
    const { fastify } = await import('fastify')
    const { plugin } = await import('@active-alchemy/fastify')
    const app = fastify()
    if (isBound) await app.register(plugin(db))
    app.get('/', () => work())
    await app.ready()
    return app.server
  },
  async koa() {
    const { default: Koa } = await import('koa')
    const { middleware } = await import('@active-alchemy/koa')
    const app = new Koa()
    if (isBound) app.use(middleware(db))
    app.use(async (ctx) => {
      ctx.body = await work()
    })
    const handle = app.callback()
    return (await import('node:http')).createServer((req, res) => void handle(req, res))
  },
  'nest on express': async () => nest((await import('@nestjs/platform-express')).ExpressAdapter),
  'nest on fastify': async () => nest((await import('@nestjs/platform-fastify')).FastifyAdapter),
}

async function nest(Adapter) {
  await import('reflect-metadata')
  const { Controller, Get, Module } = await import('@nestjs/common')
  const { NestFactory } = await import('@nestjs/core')
  const { AlchemyModule } = await import('@active-alchemy/nest')
  class Notes {
    answer() {
      return work()
    }
  }
  Get()(Notes.prototype, 'answer', Object.getOwnPropertyDescriptor(Notes.prototype, 'answer'))
  Controller()(Notes)
  class App {}
  Module({ controllers: [Notes], imports: isBound ? [AlchemyModule.forRoot({ db })] : [] })(App)
  const app = await NestFactory.create(App, new Adapter(), { logger: false })
  await app.init()
  // Fastify routes when it is ready; Express has nothing of the kind.
  await app.getHttpAdapter().getInstance().ready?.()
  return app.getHttpServer()
}

const server = await listeners[framework]()
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ micros: user + system })
})
