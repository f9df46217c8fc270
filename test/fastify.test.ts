import { Readable } from 'node:stream'
import { ActiveAlchemy as Core, type ReportEvent } from '@active-alchemy/core'
import { ActiveAlchemy, initApp, plugin } from '@active-alchemy/fastify'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { latch, noteModel } from './conformance/world.ts'
import type { FreshDatabase } from './databases/database.ts'
import { sqliteFile } from './databases/sqlite.ts'

describe('Fastify', () => {
  let fresh: FreshDatabase
  let db: ActiveAlchemy
  let Note: ReturnType<typeof noteModel>
  let app: FastifyInstance
  const opened: { close(): Promise<unknown> }[] = []
  const reports: ReportEvent[] = []
  const report = (event: ReportEvent): void => void reports.push(event)

  beforeEach(async () => {
    fresh = await sqliteFile.create()
    db = new ActiveAlchemy(fresh.uri)
    Note = noteModel(db)
    app = fastify()
    opened.push(app, db)
    reports.length = 0
    await db.createAll()
    for (const sql of sqliteFile.prepareBreak) await db.dataSource.query(sql)
  })
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
    await fresh.drop()
  })

  const breakCommit = async (): Promise<void> => {
    for (const sql of sqliteFile.breakCommit) await db.session.manager.query(sql)
  }
  const texts = async (): Promise<string[]> => (await Note.query().orderBy('id').all()).map(({ text }) => text)
  /** A second database. */
  const another = async (name: string): Promise<{ db: ActiveAlchemy; Note: ReturnType<typeof noteModel> }> => {
    const other = new ActiveAlchemy('sqlite:///:memory:', { name })
    opened.push(other)
    const Other = noteModel(other)
    await other.createAll()
    return { db: other, Note: Other }
  }

  describe('decorations', () => {
    it('finds the database on the application and its session on the request', async () => {
      await app.register(db.plugin())
      app.post('/notes', async (request) => {
        request.db.add(new Note({ text: 'kept' }))
        await request.db.flush()
        return { same: request.db === db.session && request.server.alchemy === db }
      })
      expect(app.alchemy).toBe(db)
      expect(app.hasPlugin('@active-alchemy/fastify')).toBe(true)
      expect((await app.inject({ method: 'POST', url: '/notes' })).json()).toEqual({ same: true })
      expect(await texts()).toEqual(['kept'])
    })

    it('finds the session of the request also where the scope was lost', async () => {
      await app.register(db.plugin())
      app.get('/', async (request) => {
        const { session } = db
        return db.detach(() => ({ isLost: db.dataSource.session() === undefined, isFound: request.db === session }))
      })
      expect((await app.inject('/')).json()).toEqual({ isLost: true, isFound: true })
    })

    it('gives a second database a name', async () => {
      const reports = await another('reports')
      await app.register(db.plugin())
      await app.register(reports.db.plugin({ name: 'reports' }))
      app.post('/', async (request, reply) => {
        await Note.create({ text: 'note' })
        await reports.Note.create({ text: 'report' })
        expect(Reflect.get(request, 'reports')).toBe(reports.db.session)
        expect(Reflect.get(app, 'reports')).toBe(reports.db)
        expect(request.db).toBe(db.session)
        return reply.code(400).send({})
      })
      expect((await app.inject({ method: 'POST', url: '/' })).statusCode).toBe(400)
      expect([await Note.count(), await reports.Note.count()]).toEqual([0, 0])
    })

    it('leaves a name that is taken to whoever has it', async () => {
      await expect(app.register(db.plugin({ name: 'log' }))).rejects.toMatchObject({ code: 'FST_ERR_DEC_ALREADY_PRESENT' })
    })

    it('refuses options that it does not know', () => {
      // @ts-expect-error there is no such option
      expect(() => db.plugin({ rollbackwhen: () => true })).toThrow('rollbackwhen')
      expect(() => db.plugin({ name: '' })).toThrow('name')
      // @ts-expect-error it is yes or no
      expect(() => db.plugin({ close: 'yes' })).toThrow('close')
      // @ts-expect-error it is a function
      expect(() => db.plugin({ skip: '/static' })).toThrow('skip')
    })
  })

  describe('encapsulation', () => {
    it('serves the context that registers it, with those inside, and no other', async () => {
      const outside = async (): Promise<object> => ({ hasSession: db.dataSource.session() !== undefined })
      app.get('/outside', outside)
      await app.register(async (inner) => {
        await inner.register(db.plugin())
        inner.get('/inside', outside)
        await inner.register(async (innermost) => void innermost.get('/innermost', outside))
      })
      const seen = await Promise.all(['/outside', '/inside', '/innermost'].map(async (url) => (await app.inject(url)).json()))
      expect(seen).toEqual([{ hasSession: false }, { hasSession: true }, { hasSession: true }])
      expect(app.hasDecorator('alchemy')).toBe(false)
    })

    it('covers routes that were declared before it', async () => {
      app.get('/', async (request) => ({ isOpen: request.db === db.session }))
      await app.register(db.plugin())
      expect((await app.inject('/')).json()).toEqual({ isOpen: true })
    })

    it('gives each context its own database', async () => {
      const inner = await another('inner')
      await app.register(db.plugin())
      app.get('/outer', async (request) => ({ name: request.server.alchemy === db, session: request.db === db.session }))
      await app.register(async (context) => {
        await context.register(inner.db.plugin())
        context.post('/inner', async (request, reply) => {
          await inner.Note.create({ text: 'inner' })
          await Note.create({ text: 'outer' })
          return reply.send({ name: request.server.alchemy === inner.db, session: request.db === inner.db.session })
        })
      })
      expect((await app.inject('/outer')).json()).toEqual({ name: true, session: true })
      expect((await app.inject({ method: 'POST', url: '/inner' })).json()).toEqual({ name: true, session: true })
      // One scope, two databases, both committed.
      expect([await Note.count(), await inner.Note.count()]).toEqual([1, 1])
    })
  })

  describe('a route', () => {
    it('decides for itself when to roll back', async () => {
      await app.register(db.plugin({ report }))
      const write = async (text: string): Promise<void> => void (await Note.create({ text }))
      app.post('/strict', { config: { alchemy: { rollbackWhen: () => true } } }, async () => (await write('strict'), {}))
      app.post('/login', { config: { alchemy: { rollbackWhen: ({ status }) => status >= 500 } } }, async (_request, reply) => {
        await write('failed login')
        return reply.code(401).send({})
      })
      app.post('/usual', async (_request, reply) => (await write('usual'), reply.code(401).send({})))
      for (const url of ['/strict', '/login', '/usual']) await app.inject({ method: 'POST', url })
      expect(await texts()).toEqual(['failed login'])
    })

    it('has an isolation of its own', async () => {
      await app.register(db.plugin({ report }))
      // At such a level a read is part of the transaction.
      const read = async (): Promise<object> => ({ notes: await Note.count(), inTransaction: db.session.inTransaction })
      app.get('/usual', read)
      app.get('/strict', { config: { alchemy: { isolation: 'SERIALIZABLE' } } }, read)
      const answers = await Promise.all(['/usual', '/strict'].map(async (url) => (await app.inject(url)).json() as unknown))
      expect(answers).toEqual([
        { notes: 0, inTransaction: false },
        { notes: 0, inTransaction: true },
      ])
    })

    it('with an option that does not exist is refused where it is written', async () => {
      await app.register(db.plugin())
      const alchemy = { isolatoin: 'SERIALIZABLE' } as object
      expect(() => app.get('/strict', { config: { alchemy } }, async () => ({}))).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    })

    it('that is not there writes nothing, and skips as told', async () => {
      await app.register(db.plugin({ report, skip: ({ url }) => url === '/health' }))
      app.get('/health', async () => ({ isOpen: db.dataSource.session() !== undefined }))
      app.setNotFoundHandler(async (_request, reply) => {
        await Note.create({ text: 'lost' })
        return reply.code(404).send({})
      })
      expect((await app.inject('/health')).json()).toEqual({ isOpen: false })
      expect((await app.inject('/nowhere')).statusCode).toBe(404)
      expect(await texts()).toEqual([])
    })
  })

  describe('what fails after the handler rolls back', () => {
    beforeEach(() => app.register(db.plugin({ report })))

    it('an onSend hook of a later plugin', async () => {
      await app.register(async (inner) => {
        inner.addHook('onSend', async () => {
          throw new Error('too late')
        })
        inner.post('/', async () => (await Note.create({ text: 'lost' }), {}))
      })
      expect((await app.inject({ method: 'POST', url: '/' })).statusCode).toBe(500)
      expect(await texts()).toEqual([])
    })

    it('a serializer', async () => {
      const schema = { response: { 200: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } } }
      app.post('/', { schema }, async () => (await Note.create({ text: 'lost' }), {}))
      expect((await app.inject({ method: 'POST', url: '/' })).statusCode).toBe(500)
      expect(await texts()).toEqual([])
    })

    it('a stream that fails before its first byte', async () => {
      app.post('/', async (_request, reply) => {
        await Note.create({ text: 'lost' })
        return reply.send(
          new Readable({
            read() {
              this.destroy(new Error('no file'))
            },
          }),
        )
      })
      expect((await app.inject({ method: 'POST', url: '/' })).statusCode).toBe(500)
      expect(await texts()).toEqual([])
    })

    it("a handler that is over Fastify's own limit of time", async () => {
      const late = latch<unknown>()
      const answered = latch()
      app.post('/', { handlerTimeout: 30 }, async () => {
        await Note.create({ text: 'lost' })
        await answered.promise
        late.open(await Note.create({ text: 'late' }).catch((error: unknown) => error))
        return {}
      })
      expect((await app.inject({ method: 'POST', url: '/' })).statusCode).toBe(503)
      answered.open()
      expect(await late.promise).toMatchObject({ code: 'SCOPE_CLOSED' })
      expect(await texts()).toEqual([])
    })
  })

  describe('a commit that fails', () => {
    beforeEach(() => app.register(db.plugin({ report })))

    it('is worded by the error handler of its context, with its own status', async () => {
      await app.register(async (inner) => {
        inner.setErrorHandler((error, _request, reply) => reply.send({ worded: error instanceof Error && error.message }))
        inner.post('/', async (_request, reply) => {
          await Note.create({ text: 'lost' })
          await breakCommit()
          return reply.code(201).header('location', '/notes/1').header('x-kept', 'yes').send({ id: 1 })
        })
      })
      const answer = await app.inject({ method: 'POST', url: '/' })
      expect([answer.statusCode, answer.json()]).toEqual([409, { worded: expect.any(String) as string }])
      expect([answer.headers['location'], answer.headers['x-kept']]).toEqual([undefined, 'yes'])
      expect(Number(answer.headers['content-length'])).toBe(answer.rawPayload.length)
      expect(await texts()).toEqual([])
    })

    it('reaches the onError and onResponse hooks', async () => {
      const seen: unknown[] = []
      app.addHook('onError', async (_request, _reply, error) => void seen.push(error.constructor.name))
      app.addHook('onResponse', async (_request, reply) => void seen.push(reply.statusCode))
      app.post('/', async () => (await breakCommit(), {}))
      expect((await app.inject({ method: 'POST', url: '/' })).statusCode).toBe(409)
      expect(seen).toEqual([expect.any(String), 409])
    })

    it('is answered also when the reply was hijacked', async () => {
      app.post('/', async (_request, reply) => {
        reply.hijack()
        await breakCommit()
        reply.raw.setHeader('x-kept', 'yes')
        reply.raw.end('fine')
      })
      const answer = await app.inject({ method: 'POST', url: '/' })
      expect([answer.statusCode, answer.headers['x-kept']]).toEqual([409, 'yes'])
      expect(answer.json()).toEqual({ statusCode: 409, error: 'Conflict', message: 'Conflict' })
    })

    it('is answered also when the handler wrote to reply.raw without hijacking', async () => {
      app.post('/', async (_request, reply) => {
        await breakCommit()
        reply.raw.writeHead(200, { 'content-type': 'text/plain' })
        reply.raw.end('fine')
      })
      expect((await app.inject({ method: 'POST', url: '/' })).statusCode).toBe(409)
    })
  })

  it('commits what a handler writes to reply.raw', async () => {
    await app.register(db.plugin())
    app.post('/', async (_request, reply) => {
      await Note.create({ text: 'kept' })
      reply.raw.end('raw')
    })
    expect((await app.inject({ method: 'POST', url: '/' })).payload).toBe('raw')
    expect(await texts()).toEqual(['kept'])
  })

  describe('closing', () => {
    it('leaves a database to who made it', async () => {
      await app.register(db.plugin())
      await app.close()
      expect(await texts()).toEqual([])
    })

    it('closes a database that was told to, or made for the application', async () => {
      const own = new ActiveAlchemy(fresh.uri, { app })
      const given = new ActiveAlchemy(fresh.uri)
      await app.register(given.plugin({ name: 'given', close: true }))
      await app.ready()
      expect(app.alchemy).toBe(own)
      await app.close()
      await expect(own.ping()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
      await expect(given.ping()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
      await db.ping()
    })

    it('answers what is under way first', async () => {
      const entered = latch()
      const go = latch()
      const own = new ActiveAlchemy(fresh.uri, { app })
      const Own = noteModel(own)
      app.post('/', async () => {
        entered.open()
        await go.promise
        await Own.create({ text: 'kept' })
        return {}
      })
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      const answer = fetch(url, { method: 'POST', headers: { connection: 'close' } })
      await entered.promise
      const closed = app.close()
      go.open()
      expect((await answer).status).toBe(200)
      await closed
      expect(await texts()).toEqual(['kept'])
    })
  })

  it('a plugin that was registered without a call is told by a sentence that can be copied', () => {
    expect(() => db.plugin(fastify() as never)).toThrow('app.register(db.plugin())')
  })

  describe('initApp', () => {
    it('registers once, however often it is called, and once for each database', async () => {
      const other = await another('other')
      db.initApp(app).initApp(app)
      other.db.initApp(app)
      expect(initApp(app, db)).toBe(app)
      app.post('/', async () => {
        await Note.create({ text: 'one' })
        await other.Note.create({ text: 'two' })
        return { isFirst: app.alchemy === db }
      })
      expect((await app.inject({ method: 'POST', url: '/' })).json()).toEqual({ isFirst: true })
      expect([await Note.count(), await other.Note.count()]).toEqual([1, 1])
    })

    it('serves many applications with one database', async () => {
      const second = fastify()
      opened.push(second)
      for (const each of [app, second]) {
        db.initApp(each)
        each.post('/', async () => Note.create({ text: 'kept' }))
      }
      await Promise.all([app, second].map((each) => each.inject({ method: 'POST', url: '/' })))
      expect(await texts()).toEqual(['kept', 'kept'])
    })
  })

  it('serves a database made from core by the free function, and many at once', async () => {
    const core = new Core('sqlite:///:memory:')
    opened.push(core)
    await app.register(plugin(core, db, { report }))
    app.get('/', async (request) => ({ core: request.db === core.session, first: app.alchemy === core }))
    expect((await app.inject('/')).json()).toEqual({ core: true, first: true })
  })

  it('joins the scope of an application around it', async () => {
    await app.register(db.plugin())
    app.post('/', async () => Note.create({ text: 'kept' }))
    await app.ready()
    const around = fastify({ forceCloseConnections: true })
    opened.push(around)
    await around.register(db.plugin())
    around.post('/', (request, reply) => {
      reply.hijack()
      app.routing(request.raw, reply.raw)
    })
    const url = await around.listen({ host: '127.0.0.1', port: 0 })
    expect((await fetch(url, { method: 'POST' })).status).toBe(200)
    expect(await texts()).toEqual(['kept'])
  })
})
