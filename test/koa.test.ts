import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy as Core, type ReportEvent } from '@active-alchemy/core'
import { middleware as expressMiddleware } from '@active-alchemy/express'
import { plugin as fastifyPlugin } from '@active-alchemy/fastify'
import { ActiveAlchemy, initApp, middleware } from '@active-alchemy/koa'
import express from 'express'
import fastify from 'fastify'
import Koa, { type Middleware } from 'koa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noteModel } from './conformance/world.ts'
import type { FreshDatabase } from './databases/database.ts'
import { sqliteFile } from './databases/sqlite.ts'
import { listen } from './frameworks/framework.ts'

describe('Koa', () => {
  let fresh: FreshDatabase
  let db: ActiveAlchemy
  let Note: ReturnType<typeof noteModel>
  let app: Koa
  const opened: (() => Promise<unknown>)[] = []
  /** What `app.on('error')` was told. */
  const told: unknown[] = []
  const reports: ReportEvent[] = []
  const report = (event: ReportEvent): void => void reports.push(event)

  beforeEach(async () => {
    fresh = await sqliteFile.create()
    db = new ActiveAlchemy(fresh.uri)
    Note = noteModel(db)
    app = new Koa()
    opened.push(() => db.close())
    told.length = 0
    reports.length = 0
    app.on('error', (error) => void told.push(error))
    await db.createAll()
    for (const sql of sqliteFile.prepareBreak) await db.dataSource.query(sql)
  })
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close()
    await fresh.drop()
  })

  const breakCommit = async (): Promise<void> => {
    for (const sql of sqliteFile.breakCommit) await db.session.manager.query(sql)
  }
  const texts = async (): Promise<string[]> => (await Note.query().orderBy('id').all()).map(({ text }) => text)
  const post = async (path = '/'): Promise<Response> => {
    const handle = app.callback()
    const running = await listen(createServer((req, res) => void handle(req, res)))
    opened.push(() => running.stop())
    return fetch(running.url + path, { method: 'POST', redirect: 'manual' })
  }
  const write =
    (text: string): Middleware =>
    async (ctx) => {
      await Note.create({ text })
      ctx.body = { text }
    }

  describe('what is thrown', () => {
    it('by ctx.throw is answered by Koa with its status, and rolls back', async () => {
      app.use(db.middleware())
      app.use(async (ctx) => {
        await Note.create({ text: 'lost' })
        ctx.throw(422, 'no name')
      })
      const answer = await post()
      expect([answer.status, await answer.text()]).toEqual([422, 'no name'])
      expect(told).toMatchObject([{ message: 'no name' }])
      expect(await texts()).toEqual([])
    })

    it('and answered with success by the error handling outside rolls back; inside, it is the handler who decides', async () => {
      const forgive: Middleware = async (ctx, next) => next().catch(() => void (ctx.body = 'forgiven'))
      const fail: Middleware = async (ctx) => {
        await Note.create({ text: ctx.path })
        throw new Error('boom')
      }
      app.use(forgive).use(db.middleware())
      app.use((ctx, next) => (ctx.path === '/inside' ? forgive(ctx, next) : next()))
      app.use(fail)
      expect([(await post('/outside')).status, (await post('/inside')).status]).toEqual([200, 200])
      expect(await texts()).toEqual(['/inside'])
    })
  })

  describe('a commit that fails', () => {
    it('is seen by the error handling of the application, which answers as if the handler had thrown', async () => {
      const seen: unknown[] = []
      app.use(async (ctx, next) => {
        try {
          await next()
        } catch (error) {
          seen.push(error, ctx.body, ctx.status)
          ctx.body = { worded: true }
        }
      })
      app.use(db.middleware({ report }))
      app.use(async (ctx) => {
        await Note.create({ text: 'lost' })
        await breakCommit()
        ctx.redirect('/elsewhere')
        ctx.set('etag', '"1"')
        ctx.set('x-kept', 'yes')
      })
      const answer = await post()
      expect([answer.status, await answer.json()]).toEqual([500, { worded: true }])
      expect(seen).toEqual([expect.objectContaining({ status: 409 }), undefined, 500])
      expect(['location', 'etag', 'x-kept'].map((name) => answer.headers.get(name))).toEqual([null, null, 'yes'])
      expect(reports.map(({ kind }) => kind)).toEqual(['commit-failed'])
      expect(await texts()).toEqual([])
    })

    it("is answered by Koa with the error's status, and told to app.on('error'), when nothing handles it", async () => {
      app.use(db.middleware({ report }))
      app.use(async (ctx) => {
        await breakCommit()
        ctx.body = { fine: true }
      })
      const answer = await post()
      expect(answer.status).toBe(409)
      expect(await answer.text()).not.toContain('fine')
      expect(told).toMatchObject([{ status: 409 }])
    })

    it('is an error even if it is swallowed', async () => {
      app.use((_ctx, next) => next().catch(() => undefined))
      app.use(db.middleware({ report }))
      app.use(async (ctx) => {
        await breakCommit()
        ctx.body = { fine: true }
      })
      const answer = await post()
      expect([answer.status, await answer.text()]).toEqual([500, 'Internal Server Error'])
    })

    it('cannot be answered with success', async () => {
      app.use((ctx, next) =>
        next().catch(() => {
          ctx.status = 200
          ctx.body = 'fine'
        }),
      )
      app.use(db.middleware({ report }))
      app.use(async (ctx) => {
        await breakCommit()
        ctx.body = { fine: true }
      })
      const answer = await post()
      expect([answer.status, await answer.text()]).toEqual([500, 'Internal Server Error'])
      expect(told).toMatchObject([
        { message: 'POST / was answered 200 although its commit had failed. Answer what was thrown with an error.' },
      ])
    })

    for (const [name, body] of [
      ['a stream', () => Readable.from(['<1>', '<2>'])],
      ['a web stream', () => new Blob(['<1><2>']).stream()],
      ['a Response', () => new Response('<1><2>')],
      ['a Blob', () => new Blob(['<1><2>'])],
    ] as const) {
      it(`sends no byte of ${name}, and a commit that works sends it all`, async () => {
        app.use(db.middleware({ report }))
        app.use(async (ctx) => {
          await Note.create({ text: ctx.path })
          if (ctx.path === '/lost') await breakCommit()
          ctx.body = body()
        })
        const kept = await post('/kept')
        expect([kept.status, await kept.text()]).toEqual([200, '<1><2>'])
        const lost = await post('/lost')
        expect(lost.status).toBe(409)
        expect(await lost.text()).not.toContain('<1>')
        expect(told[0]).toMatchObject({ status: 409 })
        expect(await texts()).toEqual(['/kept'])
      })
    }

    it('is answered by Koa also where ctx.respond is false', async () => {
      app.use(db.middleware({ report }))
      app.use(async (ctx) => {
        ctx.respond = false
        await breakCommit()
        ctx.res.writeHead(200)
        ctx.res.end('fine')
      })
      const answer = await post()
      expect(answer.status).toBe(409)
      expect(await answer.text()).not.toContain('fine')
      expect(told).toMatchObject([{ status: 409 }])
    })
  })

  it('commits what a handler writes later when ctx.respond is false', async () => {
    app.use(db.middleware())
    app.use(async (ctx) => {
      ctx.respond = false
      const answer = async (): Promise<void> => {
        await sleep(5)
        await Note.create({ text: 'kept' })
        ctx.res.statusCode = 201
        ctx.res.end('late')
      }
      answer().catch((error: Error) => ctx.onerror(error))
    })
    expect((await post()).status).toBe(201)
    expect(await texts()).toEqual(['kept'])
  })

  it('rolls back when a stream fails before its first byte', async () => {
    app.use(db.middleware())
    app.use(async (ctx) => {
      await Note.create({ text: 'lost' })
      ctx.body = new Readable({
        read() {
          this.destroy(new Error('no file'))
        },
      })
    })
    // Koa cuts the connection, with or without a session.
    await expect(post()).rejects.toThrow('fetch failed')
    expect(told[0]).toMatchObject({ message: 'no file' })
    expect(await texts()).toEqual([])
  })

  it('gives a route an isolation of its own, by a mount inside', async () => {
    const strict = db.middleware({ isolation: 'SERIALIZABLE' })
    app.use(db.middleware())
    app.use((ctx, next) => (ctx.path === '/strict' ? strict(ctx as never, next) : next()))
    app.use(async (ctx) => {
      // At such a level a read is part of the transaction.
      await Note.count()
      ctx.body = { inTransaction: db.session.inTransaction }
    })
    const answers = await Promise.all(['/usual', '/strict'].map(async (path) => (await post(path)).json()))
    expect(answers).toEqual([{ inTransaction: false }, { inTransaction: true }])
  })

  it('leaves the last word on an answer that rolls back to what is mounted outside', async () => {
    app.use(async (ctx, next) => {
      await next()
      if (ctx.status === 404) ctx.body = 'the page of the application'
    })
    app.use(db.middleware())
    app.use(async () => void (await Note.create({ text: 'kept' })))
    expect((await post()).status).toBe(200)
    expect(await texts()).toEqual(['kept'])
  })

  it('keeps the session with Koa’s own storage of the context', async () => {
    app = new Koa({ asyncLocalStorage: true })
    app.use(db.middleware())
    app.use(async (ctx) => {
      await Note.create({ text: 'kept' })
      ctx.body = { hasContext: app.currentContext === ctx, hasSession: db.dataSource.session() !== undefined }
    })
    expect(await (await post()).json()).toEqual({ hasContext: true, hasSession: true })
  })

  it('refuses options that it does not know', () => {
    // @ts-expect-error there is no such option
    expect(() => db.middleware({ rollbackwhen: () => true })).toThrow('rollbackwhen')
    // @ts-expect-error it is a function
    expect(() => db.middleware({ skip: '/static' })).toThrow('skip')
  })

  describe('many', () => {
    it('by initApp, called last, binds what stands already, and error handling before it sees a commit that fails', async () => {
      app.use(async (ctx, next) => {
        try {
          await next()
        } catch (error) {
          ctx.status = 503
          ctx.body = { worded: error instanceof Error && error.name }
        }
      })
      app.use(async (ctx, next) => (ctx.path === '/thrown' ? Promise.reject(new Error('boom')) : next()))
      app.use(async (ctx, next) => {
        if (ctx.path !== '/early') return next()
        await write('lost')(ctx, next)
        throw new Error('boom')
      })
      db.initApp(app)
      app.use(async (ctx, next) => {
        await write(ctx.path)(ctx, next)
        if (ctx.path === '/commit') await breakCommit()
      })
      expect((await post('/early')).status).toBe(503)
      expect((await post('/late')).status).toBe(200)
      const answer = await post('/commit')
      expect([answer.status, await answer.json()]).toEqual([503, { worded: 'ForeignKeyError' }])
      expect(await texts()).toEqual(['/late'])
    })

    it('without a call is told by a sentence that can be copied', async () => {
      app.use(Reflect.get(db, 'middleware') as unknown as Middleware)
      app.silent = true
      expect((await post()).status).toBe(500)
      expect(told).toMatchObject([{ code: 'INVALID_OPTION', message: expect.stringContaining('app.use(db.middleware())') as string }])
    })

    it('says a body as JSON once, where nobody but Koa looks at it', async () => {
      let said = 0
      app.use(db.middleware())
      app.use(async (ctx) => {
        await Note.create({ text: 'kept' })
        ctx.body = { toJSON: () => ({ said: (said += 1) }) }
      })
      const answer = await post()
      expect([answer.headers.get('content-type'), await answer.json()]).toEqual(['application/json; charset=utf-8', { said: 1 }])
    })

    it('databases and many calls of initApp are one scope', async () => {
      const other = new Core('sqlite:///:memory:', { name: 'other' })
      opened.push(() => other.close())
      const Other = noteModel(other)
      await other.createAll()
      db.initApp(app).initApp(app)
      expect(initApp(app, other)).toBe(app)
      expect(app.middleware).toHaveLength(1)
      app.use(async (ctx) => {
        await Note.create({ text: 'lost' })
        await Other.create({ text: 'lost' })
        ctx.status = 400
      })
      expect((await post()).status).toBe(400)
      expect([await Note.count(), await Other.count()]).toEqual([0, 0])
    })

    it('applications, of which one is given to the constructor, share a database', async () => {
      const second = new Koa()
      const own = new ActiveAlchemy(fresh.uri, { app: second })
      opened.push(() => own.close())
      expect(second.middleware).toHaveLength(1)
      const Own = noteModel(own)
      second.use(async (ctx) => void (ctx.body = await Own.create({ text: 'second' })))
      app.use(middleware(db)).use(write('first'))
      await post()
      app = second
      await post()
      expect(await texts()).toEqual(['first', 'second'])
    })

    it('middlewares, and applications in applications, are one scope: the outermost settles', async () => {
      const inner = new Koa()
      inner.use(db.middleware({ report })).use(write('kept'))
      const handle = inner.callback()
      app.use(db.middleware({ report }))
      app.use(async (ctx, next) => {
        await next()
        if (ctx.path === '/twice') ctx.throw(400)
      })
      app.use(db.middleware({ report }))
      app.use((ctx, next) => (ctx.path === '/twice' ? write('lost')(ctx, next) : next()))
      app.use(async (ctx) => {
        ctx.respond = false
        await handle(ctx.req, ctx.res)
      })
      expect([(await post('/inner')).status, (await post('/twice')).status]).toEqual([200, 400])
      expect(await texts()).toEqual(['kept'])
    })

    it('frameworks in one process share a database, and a Koa application in Express joins its scope', async () => {
      app.use(db.middleware({ report })).use(write('koa'))
      const around = express()
      around.use(expressMiddleware(db, { report }), (req, res) => void app.callback()(req, res))
      const beside = fastify()
      await beside.register(fastifyPlugin(db, { report }))
      beside.post('/', () => Note.create({ text: 'fastify' }))
      const running = await listen(createServer(around))
      opened.push(
        () => running.stop(),
        () => beside.close(),
      )
      const statuses = await Promise.all([
        fetch(running.url, { method: 'POST' }).then(({ status }) => status),
        beside.inject({ method: 'POST', url: '/' }).then(({ statusCode }) => statusCode),
        post().then(({ status }) => status),
      ])
      expect(statuses).toEqual([200, 200, 200])
      expect((await texts()).sort()).toEqual(['fastify', 'koa', 'koa'])
      expect(reports).toEqual([])
    })
  })
})
