import { createServer, get, type Server } from 'node:http'
import { type ActiveAlchemy, Inspector } from '@active-alchemy/core'
import { ActiveAlchemy as ForExpress } from '@active-alchemy/express'
import { ActiveAlchemy as ForFastify } from '@active-alchemy/fastify'
import { ActiveAlchemy as ForKoa } from '@active-alchemy/koa'
import { ActiveAlchemy as ForNest, AlchemyModule } from '@active-alchemy/nest'
import { Controller, HttpCode, Module, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import express from 'express'
import Fastify from 'fastify'
import Koa from 'koa'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

const secret = 's3cr3t'

function models(db: Pick<ActiveAlchemy, 'Model' | 'Column' | 'String'>) {
  class Note extends db.Model('Note', { text: db.Column(db.String(40), { unique: true }) }) {}
  return { Note, add: () => Note.create({ text: `${secret} ${Math.random()}` }) }
}

/** What the applications below have in common: one note is added; and one is added, and answered with 409. */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return `http://localhost:${typeof address === 'object' && address ? address.port : 0}`
}

const apps: Record<string, () => Promise<string>> = {
  async express() {
    const db = new ForExpress('sqlite://')
    const { add } = models(db)
    const app = express()
    app.use(db.inspector())
    app.use(db.middleware({ report: () => undefined }))
    app.post('/notes', async (_req, res) => void res.json(await add()))
    app.post('/notes/:id/refused', async (_req, res) => void (await add(), res.status(409).json({})))
    await db.createAll()
    return listen(createServer(app))
  },
  async koa() {
    const db = new ForKoa('sqlite://')
    const { add } = models(db)
    const app = new Koa()
    app.use(db.inspector())
    app.use(db.middleware({ report: () => undefined }))
    app.use(async (context) => {
      await add()
      if (context.path.endsWith('/refused')) context.status = 409
      else context.body = 'added'
    })
    await db.createAll()
    const handle = app.callback()
    return listen(createServer((req, res) => void handle(req, res)))
  },
  async fastify() {
    const db = new ForFastify('sqlite://')
    const { add } = models(db)
    const app = Fastify()
    await app.register(db.inspector())
    await app.register(db.plugin({ report: () => undefined }))
    app.post('/notes', async () => add())
    app.post('/notes/:id/refused', async (_request, reply) => (await add(), reply.code(409).send({})))
    await db.createAll()
    onTestFinished(() => app.close())
    return (await app.listen({ port: 0, host: '127.0.0.1' })).replace('127.0.0.1', 'localhost')
  },
  nest: () => nest(),
  'nest on fastify': () => nest(new FastifyAdapter()),
}

async function nest(adapter?: FastifyAdapter): Promise<string> {
  const db = new ForNest('sqlite://')
  const { add } = models(db)
  @Controller('notes')
  class Notes {
    @Post()
    post(): Promise<unknown> {
      return add()
    }
    @Post(':id/refused')
    @HttpCode(409)
    async refused(): Promise<object> {
      await add()
      return {}
    }
  }
  @Module({ imports: [AlchemyModule.forRoot({ db, report: () => undefined })], controllers: [Notes] })
  class App {
    readonly name = 'notes'
  }
  const app = await (adapter ? NestFactory.create(App, adapter, { logger: false }) : NestFactory.create(App, { logger: false }))
  app.use(db.inspector())
  await db.createAll()
  await app.listen(0, '127.0.0.1')
  onTestFinished(() => app.close())
  return (await app.getUrl()).replace('127.0.0.1', 'localhost')
}

/** Asks by a name that the server's own machine has not given itself. */
function askAs(host: string, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(`${url}/_alchemy`, { headers: { host } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).on('error', reject)
  })
}

describe('the inspector', () => {
  afterEach(() => vi.unstubAllEnvs())

  describe.each(Object.entries(apps))('of %s', (_name, start) => {
    it('shows what requests have sent and how they ended, without any value, and can be read without a script', async () => {
      const url = await start()
      expect((await fetch(`${url}/notes`, { method: 'POST' })).status).toBeLessThan(300)
      expect((await fetch(`${url}/notes/7/refused`, { method: 'POST' })).status).toBe(409)
      const answer = await fetch(`${url}/_alchemy`)
      const html = await answer.text()
      expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
        200,
        'text/html; charset=utf-8',
        'no-store',
      ])
      expect(html).toMatch(/<td>POST \/notes<\/td><td>committed<\/td>/)
      // The veto, where the request stands and among the reports.
      expect(html).toMatch(/<span class="bad">rolled back, 1 undone<\/span>/)
      expect(html).toMatch(/<td>veto<\/td>/)
      // The statement, its number of times, and where it was called.
      expect(html).toMatch(/<td class="n">2<\/td>.*inspector\.test\.ts:\d+:\d+<\/code><\/td><td><code>INSERT INTO &quot;note&quot;/)
      expect(html).not.toContain(secret)
      expect(html).not.toMatch(/<script|\son[a-z]+=/i)
    })

    it('is not there in production', async () => {
      vi.stubEnv('NODE_ENV', 'production')
      const url = await start()
      const html = await (await fetch(`${url}/_alchemy`)).text()
      expect(html).not.toContain('sessions and statements')
    })

    it('is shown to this machine alone, by its own names', async () => {
      const url = await start()
      expect(await askAs('evil.example', url)).toBe(403)
      expect(await askAs('app.localhost:8080', url)).toBe(200)
      expect(await askAs('[::1]:8080', url)).toBe(200)
    })
  })

  it('tells of a loop of statements, of an open transaction, and of what failed', async () => {
    const db = new ForExpress('sqlite://')
    onTestFinished(() => db.close())
    const { Note, add } = models(db)
    using inspector = new Inspector(db)
    const look = (): string =>
      inspector.answer({ url: '/_alchemy?x', method: 'GET', headers: { host: 'localhost' }, socket: { remoteAddress: '::1' } })?.body ?? ''
    await db.createAll()
    const { text } = await add()
    await db.run(
      async () => {
        for (let time = 0; time < 6; time++) await Note.filter({ text }).count()
      },
      { label: 'nightly' },
    )
    expect(look()).toMatch(/<td>nightly<\/td>.*\(one 6 times\)/)
    await expect(Note.create({ text })).rejects.toMatchObject({ code: 'UNIQUE' })
    expect(look()).toMatch(/<span class="bad">UNIQUE<\/span>/)
    expect(look()).toContain('No request, no job.')
    await db.run(
      async () => {
        await add()
        expect(look()).toContain('No request, no job.')
        await db.detach(async () => {
          expect(look()).toMatch(/<td>import<\/td>.*<td>sqlite:\/\/, \d/)
        })
      },
      { label: 'import' },
    )
    expect(look()).toContain('No request, no job.')
  })

  it.each([
    { what: 'another machine', options: {}, address: '10.0.0.7', status: 403 },
    { what: 'another machine by IPv6', options: {}, address: '::ffff:10.0.0.7', status: 403 },
    { what: 'nobody knows who', options: {}, address: undefined, status: 403 },
    { what: 'this machine by IPv6', options: {}, address: '::ffff:127.0.0.1', status: 200 },
    { what: 'another machine that may', options: { remote: true }, address: '10.0.0.7', status: 200 },
  ])('answers $what with $status', ({ options, address, status }) => {
    const db = new ForExpress('sqlite://')
    onTestFinished(() => db.close())
    using inspector = new Inspector(db, options)
    const answer = inspector.answer({ url: '/_alchemy', method: 'GET', headers: { host: '127.0.0.1' }, socket: { remoteAddress: address } })
    expect(answer?.status).toBe(status)
    expect(answer?.body).toContain(status === 200 ? 'sessions and statements' : 'inspector({ remote: true })')
  })

  it('is there in production where it is told so, and answers nothing but GET and HEAD', () => {
    vi.stubEnv('NODE_ENV', 'production')
    const db = new ForExpress('sqlite://')
    onTestFinished(() => db.close())
    using inspector = new Inspector(db, { enabled: true, remote: true })
    const ask = (method: string) => inspector.answer({ url: '/_alchemy', method, headers: {} })?.status
    expect(['GET', 'HEAD', 'POST'].map(ask)).toEqual([200, 200, undefined])
  })

  it('keeps so many requests as it is told, and none when it is over', async () => {
    const db = new ForExpress('sqlite://', { name: 'bounded' })
    onTestFinished(() => db.close())
    const { Note } = models(db)
    using inspector = new Inspector(db, { requests: 3, path: '/eyes' })
    await db.createAll()
    for (let time = 0; time < 20; time++) await db.run(() => Note.count(), { label: `job ${time}` })
    const html =
      inspector.answer({ url: '/eyes', method: 'GET', headers: { host: '127.0.0.1' }, socket: { remoteAddress: '127.0.0.1' } })?.body ?? ''
    expect(html.match(/<td>job \d+<\/td>/g)).toEqual(['<td>job 19</td>', '<td>job 18</td>', '<td>job 17</td>'])
    expect(inspector.answer({ url: '/_alchemy', method: 'GET', headers: {} })).toBeUndefined()
    inspector[Symbol.dispose]()
    expect(inspector.answer({ url: '/eyes', method: 'GET', headers: {} })).toBeUndefined()
  })

  it.each([{ path: 'eyes' }, { requests: 0 }, { remote: 'yes' }, { paht: '/x' }])('refuses the options %j', (options) => {
    const db = new ForExpress('sqlite://')
    onTestFinished(() => db.close())
    expect(() => new Inspector(db, options as object)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
