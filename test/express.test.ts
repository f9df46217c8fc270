import { createServer } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { ActiveAlchemy as Core, type ReportEvent } from '@active-alchemy/core'
import { ActiveAlchemy, errorHandler, initApp, middleware } from '@active-alchemy/express'
import express4Module from 'express4'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, Router } from 'express'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noteModel } from './conformance/world.ts'
import type { FreshDatabase } from './databases/database.ts'
import { sqliteFile } from './databases/sqlite.ts'
import { listen } from './frameworks/framework.ts'

describe('Express', () => {
  let fresh: FreshDatabase
  let db: ActiveAlchemy
  let Note: ReturnType<typeof noteModel>
  let app: Express
  const opened: (() => Promise<unknown>)[] = []
  const reports: ReportEvent[] = []
  const report = (event: ReportEvent): void => void reports.push(event)

  beforeEach(async () => {
    fresh = await sqliteFile.create()
    db = new ActiveAlchemy(fresh.uri)
    Note = noteModel(db)
    app = express()
    opened.push(() => db.close())
    reports.length = 0
    await db.createAll()
  })
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close()
    await fresh.drop()
  })

  const texts = async (): Promise<string[]> => (await Note.query().orderBy('id').all()).map(({ text }) => text)
  const post = async (path = '/', served = app): Promise<Response> => {
    const running = await listen(createServer(served))
    opened.push(() => running.stop())
    return fetch(running.url + path, { method: 'POST', redirect: 'manual' })
  }
  const write: RequestHandler = async (req, res) => {
    await Note.create({ text: req.path })
    res.json({})
  }
  const fail: RequestHandler = async () => {
    await Note.create({ text: 'lost' })
    throw Object.assign(new Error('boom'), { status: 418 })
  }
  const apologise: ErrorRequestHandler = (_error, _req, res, _next) => res.redirect('/sorry')

  describe('what is thrown', () => {
    it('rolls back, also where the application answers it with a redirect', async () => {
      app.use(db.middleware())
      app.post('/', fail)
      app.use(db.errorHandler(), apologise)
      const answer = await post()
      expect([answer.status, answer.headers.get('location')]).toEqual([302, '/sorry'])
      expect(await texts()).toEqual([])
    })

    it('is answered by Express itself where nobody else does', async () => {
      app.use(db.middleware())
      app.post('/', fail)
      app.use(errorHandler())
      app.set('env', 'test')
      expect((await post()).status).toBe(418)
      expect(await texts()).toEqual([])
    })

    it.each([true, false])('behind an answer lets the answer leave, with the error handler of the database: %s', async (handles) => {
      app.use(db.middleware())
      app.set('env', 'test')
      app.post('/', async (_req, res) => {
        // The answer waits for it.
        void db.transaction(async () => {
          await turn()
          await Note.create({ text: 'kept' })
        })
        res.json({ first: true })
        throw new Error('too late')
      })
      if (handles) app.use(db.errorHandler())
      expect(await (await post()).json()).toEqual({ first: true })
      expect(await texts()).toEqual(['kept'])
    })
  })

  describe('a mount', () => {
    it('in a router and a sub-application joins the first', async () => {
      const router = Router().use(db.middleware())
      router.post('/note', fail)
      const inner = express()
      inner.use(db.middleware())
      inner.post('/note', write)
      app.use(db.middleware())
      app.use(async (req, _res, next) => {
        await Note.create({ text: `before ${req.path}` })
        next()
      })
      app.use('/router', router)
      app.use('/inner', inner)
      app.use(db.errorHandler())
      app.set('env', 'test')
      expect([(await post('/router/note')).status, (await post('/inner/note')).status]).toEqual([418, 200])
      expect(await texts()).toEqual(['before /inner/note', '/note'])
    })

    it('of a database of core is a free function, whose options come last', async () => {
      const core = new Core(fresh.uri)
      opened.push(() => core.close())
      app.use(middleware(db, core, { rollbackWhen: () => true, report }))
      app.post('/', write)
      expect((await post()).status).toBe(200)
      expect(await texts()).toEqual([])
      expect(reports).toMatchObject([{ kind: 'veto', label: 'POST /', rows: 1 }])
    })

    it('in a route gives its transactions an isolation of their own, if it comes before what writes', async () => {
      const strict = db.middleware({ isolation: 'SERIALIZABLE' })
      // At such a level a read is part of the transaction.
      const read: RequestHandler = async (_req, res) => {
        await Note.count()
        res.json({ inTransaction: db.session.inTransaction })
      }
      app.use(db.middleware())
      app.post('/usual', read)
      app.post('/strict', strict, read)
      app.post('/again', strict, strict, read)
      app.post('/late', (_req, _res, next) => void Note.create({ text: 'lost' }).then(() => next(), next), strict, read)
      app.use(((error: { code: string }, _req, res, _next) => res.status(500).json({ code: error.code })) satisfies ErrorRequestHandler)
      const answers = await Promise.all(['/usual', '/strict', '/again', '/late'].map(async (path) => (await post(path)).json()))
      expect(answers).toEqual([{ inTransaction: false }, { inTransaction: true }, { inTransaction: true }, { code: 'INVALID_OPTION' }])
      expect(await texts()).toEqual([])
      expect(() => db.middleware({ isolation: 'STRICT' as 'SERIALIZABLE' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    })

    it('that skips a request gives it no session', async () => {
      app.use(db.middleware({ skip: ({ url }) => url === '/skipped' }))
      app.post('/skipped', (_req, res) => {
        expect(() => db.session).toThrow('outside any request')
        res.json({})
      })
      expect((await post('/skipped')).status).toBe(200)
    })

    it('with an option that does not exist, or is no function, is refused', () => {
      expect(() => db.middleware({ veto: () => true } as object)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error)
      expect(() => middleware({ skip: true } as object)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error)
    })
  })

  describe('what was mounted without a call', () => {
    it.each([
      ['db.middleware', () => Reflect.get(db, 'middleware') as unknown as RequestHandler, 'app.use(db.middleware())'],
      ['the free function', () => middleware as unknown as RequestHandler, 'app.use(db.middleware())'],
      ['db.errorHandler', () => Reflect.get(db, 'errorHandler') as unknown as RequestHandler, 'app.use(db.errorHandler())'],
    ])('is told by a sentence that can be copied: %s', async (_, mounted, remedy) => {
      let told: unknown
      const listen: ErrorRequestHandler = (error, _req, res, _next) => {
        told = error
        res.status(500).end()
      }
      app.use(mounted())
      app.post('/', write)
      app.use(listen)
      expect((await post()).status).toBe(500)
      expect(told).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(remedy) as string })
    })
  })

  describe('initApp', () => {
    it.each([
      ['5', () => express()],
      ['4', () => express4Module()],
    ])('binds what was mounted before it, in the order in which it was mounted, on Express %s', async (_, make) => {
      const late = make()
      const order: string[] = []
      const note =
        (name: string): RequestHandler =>
        (_req, _res, next) => (order.push(name), next())
      const router = Router()
      router.post('/deep', (req, res, next) => void Promise.resolve(fail(req, res, next)).catch(next))
      late.use(note('first'), express.json())
      late.use('/router', note('second'), router)
      late.post('/note', (req, res, next) => void Promise.resolve(write(req, res, next)).catch(next))
      late.use(db.errorHandler())
      late.set('env', 'test')
      expect((await post('/router/deep', late)).status).toBe(418)
      // Nothing was bound yet.
      expect(await texts()).toEqual(['lost'])
      db.initApp(late).initApp(late)
      expect((await post('/router/deep', late)).status).toBe(418)
      expect((await post('/note', late)).status).toBe(200)
      expect([await texts(), order]).toEqual([
        ['lost', '/note'],
        ['first', 'second', 'first', 'second', 'first'],
      ])
    })

    it('mounts once for each application, whatever number of databases; one database serves many applications', async () => {
      const core = new Core(fresh.uri)
      const apps = [express(), express()]
      opened.push(() => core.close())
      for (const each of apps) {
        expect(db.initApp(each).initApp(each)).toBe(db)
        expect(initApp(each, core)).toBe(each)
        each.post('/', write)
        expect([...(each.locals['databases'] as Set<Core>)]).toEqual([db, core])
      }
      for (const each of apps) expect((await post('/', each)).status).toBe(200)
      expect(await texts()).toEqual(['/', '/'])
    })

    it.each(['new ActiveAlchemy', 'configure'])('is what the option app of %s does', async (how) => {
      const other = how === 'configure' ? new ActiveAlchemy().configure(fresh.uri, { app }) : new ActiveAlchemy(fresh.uri, { app })
      const Own = noteModel(other)
      opened.push(() => other.close())
      app.post('/', async (_req, res) => {
        await Own.create({ text: 'lost' })
        res.status(409).json({})
      })
      expect((await post()).status).toBe(409)
      expect(await texts()).toEqual([])
    })
  })

  it('has the class of core, whose URI must be given', () => {
    expect(db).toBeInstanceOf(Core)
    const missing = process.env['NO_SUCH_VARIABLE'] as string
    expect(() => new ActiveAlchemy(missing)).toThrow('DATABASE_URL')
  })
})
