import { createServer } from 'node:http2'
import { ActiveAlchemy as Core } from '@active-alchemy/core'
import { ActiveAlchemy, initApp, middleware } from '@active-alchemy/koa'
import Koa from 'koa'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')
const core = new Core('sqlite://')
const app = new Koa()

class Note extends db.Model('Note', { text: db.Column(db.String(200)) }) {}

app.use(db.middleware())
app.use(db.middleware({ rollbackWhen: ({ status, error }) => status >= 500 || error !== undefined, skip: ({ url }) => url === '/health' }))
app.use(middleware(core)).use(middleware(core, db, { report: ({ kind }) => void kind }))
expectTypeOf(db.initApp(app)).toEqualTypeOf<typeof db>()
expectTypeOf(initApp(app, core)).toEqualTypeOf<Koa>()
void new ActiveAlchemy('sqlite://', { app, poolSize: 3 })

app.use(async (ctx) => {
  ctx.body = await Note.create({ text: 'typed' })
  expectTypeOf(await db.session.get(Note, 1)).toEqualTypeOf<Note | null>()
})

// @ts-expect-error an environment variable may be missing
void new ActiveAlchemy(process.env['DATABASE_URL'])
// @ts-expect-error there is no such option
db.middleware({ rollbackwhen: () => true })
// @ts-expect-error it decides by the answer
db.middleware({ rollbackWhen: true })
// @ts-expect-error an application uses middleware
db.initApp({})

// ---------------------------------------------------------------------------------------------- every kind of application

interface State {
  user: string
}
interface Extra {
  tenant: number
}
const stateful = new Koa<State, Extra>()
stateful.use(db.middleware())
stateful.use((ctx) => {
  expectTypeOf(ctx.state.user).toEqualTypeOf<string>()
  expectTypeOf(ctx.tenant).toEqualTypeOf<number>()
})
db.initApp(stateful)
void new ActiveAlchemy('sqlite://', { app: stateful })

createServer((req, res) => void app.callback()(req, res))
new Koa({ asyncLocalStorage: true }).use(db.middleware())
