import type { Http2Server } from 'node:http2'
import type { Server as HttpsServer } from 'node:https'
import { ActiveAlchemy as Core, type Session } from '@active-alchemy/core'
import { ActiveAlchemy, initApp, plugin } from '@active-alchemy/fastify'
import fastify, { type FastifyInstance, type FastifyTypeProvider } from 'fastify'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')
const core = new Core('sqlite://')
const app = fastify()

class Note extends db.Model('Note', { text: db.Column(db.String(200)) }) {}

// ---------------------------------------------------------------------------------------------- registering

await app.register(db.plugin())
await app.register(db.plugin({ name: 'reports', close: true, skip: ({ url }) => url === '/health', report: ({ kind }) => void kind }))
app.register(plugin(core)).register(plugin(core, db, { rollbackWhen: ({ status, error }) => status >= 500 || error !== undefined }))
await app.register(db.plugin(), { prefix: '/api' })
expectTypeOf(db.initApp(app)).toEqualTypeOf<typeof db>()
expectTypeOf(initApp(app, core)).toEqualTypeOf<typeof app>()
void new ActiveAlchemy('sqlite://', { app, poolSize: 3 })

// @ts-expect-error an environment variable may be missing
void new ActiveAlchemy(process.env['DATABASE_URL'])
// @ts-expect-error there is no such option
db.plugin({ rollbackwhen: () => true })
// @ts-expect-error it decides by the answer
db.plugin({ rollbackWhen: true })
// @ts-expect-error an application registers plugins
db.initApp({})

// ---------------------------------------------------------------------------------------------- decorations

expectTypeOf(app.alchemy).toEqualTypeOf<Core>()
app.get('/notes', async (request) => {
  expectTypeOf(request.db).toEqualTypeOf<Session>()
  expectTypeOf(request.server.alchemy).toEqualTypeOf<Core>()
  expectTypeOf(await request.db.get(Note, 1)).toEqualTypeOf<Note | null>()
  // @ts-expect-error the session is the request's: nobody sets it
  request.db = core.session
  return Note.query().all()
})

declare module 'fastify' {
  interface FastifyRequest {
    readonly reports: Session
  }
}
app.get('/reports', async ({ reports }) => reports.query(Note).all())

// ---------------------------------------------------------------------------------------------- routes

app.post('/login', { config: { alchemy: { rollbackWhen: ({ status }) => status >= 500 } } }, async () => ({}))
app.post<{ Body: { text: string } }>('/notes', async ({ body }) => Note.create({ text: body.text }))
// @ts-expect-error it decides by the answer
app.post('/wrong', { config: { alchemy: { rollbackWhen: 'never' } } }, async () => ({}))

// ---------------------------------------------------------------------------------------------- every kind of application

const overHttp2 = fastify({ http2: true })
expectTypeOf(overHttp2.server).toEqualTypeOf<Http2Server>()
await overHttp2.register(db.plugin())
db.initApp(overHttp2)
overHttp2.get('/', async (request) => request.db.query(Note).all())

const overHttps = fastify({ https: {} })
expectTypeOf(overHttps.server).toExtend<HttpsServer>()
await overHttps.register(db.plugin())
db.initApp(overHttps)

const logged = fastify({ logger: true })
await logged.register(db.plugin())
db.initApp(logged)

interface Provider extends FastifyTypeProvider {
  readonly serializer: this['schema']
}
const provided = app.withTypeProvider<Provider>()
await provided.register(db.plugin())
db.initApp(provided)

const inner = async (context: FastifyInstance): Promise<void> => {
  await context.register(db.plugin())
  db.initApp(context)
}
await app.register(inner)
