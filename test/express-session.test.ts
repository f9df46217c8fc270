import { createServer } from 'node:http'
import { ActiveAlchemy, type ReportEvent } from '@active-alchemy/express'
import express, { type Express, type RequestHandler } from 'express'
import session, { type SessionData, Store } from 'express-session'
import { describe, expect, it } from 'vitest'
import { type FreshDatabase, type TestDatabase } from './databases/database.ts'
import { listen } from './frameworks/framework.ts'
import { servers } from './matrix.ts'

declare module 'express-session' {
  interface SessionData {
    visits: number
  }
}

function models(db: ActiveAlchemy) {
  const Visitor = class extends db.BaseModel('Visitor', { sid: db.Column(db.String(64), { primary: true }), data: db.Column(db.Text) }) {}
  const Visit = class extends db.Model('Visit', { path: db.Column(db.String(20)) }) {}
  return { Visitor, Visit }
}

type Models = ReturnType<typeof models>
type Save = (sid: string, data: string) => Promise<unknown>

/** A store on the database of the application. */
class DatabaseStore extends Store {
  readonly failures: unknown[] = []

  constructor(
    private readonly Visitor: Models['Visitor'],
    private readonly save: Save,
  ) {
    super()
  }

  get(sid: string, told: (error: unknown, data?: SessionData | null) => void): void {
    this.Visitor.get(sid).then((found) => told(null, found ? (JSON.parse(found.data) as SessionData) : null), told)
  }

  set(sid: string, data: SessionData, told: (error?: unknown) => void = () => undefined): void {
    this.save(sid, JSON.stringify(data)).then(
      () => told(),
      (error: unknown) => {
        this.failures.push(error)
        told(error)
      },
    )
  }

  destroy(sid: string, told: (error?: unknown) => void = () => undefined): void {
    this.Visitor.get(sid)
      .delete()
      .then(() => told(), told)
  }
}

/** How stores save. */
const saves: readonly [string, (db: ActiveAlchemy, Visitor: Models['Visitor']) => Save][] = [
  [
    'by our verbs',
    (_db, Visitor) => async (sid, data) => {
      const found = await Visitor.get(sid)
      if (found) await found.update({ data })
      else await Visitor.create({ sid, data }, { unguarded: true })
    },
  ],
  ['by repository.upsert', (db, Visitor) => (sid, data) => db.dataSource.getRepository(Visitor).upsert({ sid, data }, ['sid'])],
]

async function inApplication(
  database: TestDatabase,
  how: (typeof saves)[number][1],
  order: 'before' | 'behind',
  use: (app: Express, url: () => Promise<string>, parts: Models & { reports: ReportEvent[]; store: DatabaseStore }) => Promise<void>,
): Promise<void> {
  const fresh: FreshDatabase = await database.create()
  const db = new ActiveAlchemy(fresh.uri)
  const { Visitor, Visit } = models(db)
  const reports: ReportEvent[] = []
  const stops: (() => Promise<void>)[] = []
  try {
    await db.createAll()
    const store = new DatabaseStore(Visitor, how(db, Visitor))
    const sessions = session({ secret: 'test', resave: false, saveUninitialized: false, store })
    const binding = db.middleware({ report: (event) => void reports.push(event) })
    const app = express()
    const mounted: RequestHandler[] = order === 'before' ? [sessions, binding] : [binding, sessions]
    app.use(...mounted)
    const url = async (): Promise<string> => {
      app.use(db.errorHandler())
      const running = await listen(createServer(app))
      stops.push(() => running.stop())
      return running.url
    }
    await use(app, url, { Visitor, Visit, reports, store })
  } finally {
    for (const stop of stops) await stop()
    await db.close()
    await fresh.drop()
  }
}

describe.each(servers.map((database) => [database.name, database] as const))('express-session on %s', (_name, database) => {
  for (const [how, save] of saves) {
    for (const order of ['before', 'behind'] as const) {
      it(`keeps a session that is saved ${how}, mounted ${order} the binding, with requests that write, read and do neither`, async () => {
        await inApplication(database, save, order, async (app, url, { Visit, reports, store }) => {
          const count: RequestHandler = (req, _res, next) => {
            req.session.visits = (req.session.visits ?? 0) + 1
            next()
          }
          app.use(count)
          app.get('/write', async (req, res) => {
            await Visit.create({ path: req.path })
            res.json({ visits: req.session.visits })
          })
          app.get('/read', async (req, res) => {
            await Visit.count()
            res.json({ visits: req.session.visits })
          })
          app.get('/none', (req, res) => void res.json({ visits: req.session.visits }))
          app.get('/empty', (_req, res) => void res.status(204).end())
          const base = await url()
          let cookie = ''
          const visit = async (path: string): Promise<unknown> => {
            const answer = await fetch(base + path, { headers: { cookie } })
            cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
            const text = await answer.text()
            return text === '' ? answer.status : (JSON.parse(text) as { visits: number }).visits
          }
          const seen: unknown[] = []
          for (const path of ['/write', '/read', '/none', '/empty', '/write']) seen.push(await visit(path))
          expect([store.failures, seen]).toEqual([[], [1, 2, 3, 204, 5]])
          expect([await Visit.count(), reports]).toEqual([2, []])
        })
      })
    }
  }

  it('keeps a session behind an answer that rolls back, mounted before the binding', async () => {
    const [[, save] = saves[0] ?? []] = saves
    if (!save) throw new Error('There is no store')
    await inApplication(database, save, 'before', async (app, url, { Visitor, Visit, store }) => {
      app.get('/login', async (req, res) => {
        req.session.visits = 1
        await Visit.create({ path: 'lost' })
        res.status(401).json({})
      })
      expect((await fetch(`${await url()}/login`)).status).toBe(401)
      await expect.poll(() => Visitor.count()).toBe(1)
      expect([await Visit.count(), store.failures]).toEqual([0, []])
    })
  })
})
