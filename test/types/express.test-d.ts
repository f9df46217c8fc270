import { ActiveAlchemy } from '@active-alchemy/express'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { describe, expectTypeOf, it } from 'vitest'

describe('Express', () => {
  it('takes what it is given without a cast', () => {
    const app = express()
    const db = new ActiveAlchemy('sqlite://', { app, poolSize: 2 })
    expectTypeOf(db.middleware()).toEqualTypeOf<RequestHandler>()
    expectTypeOf(db.errorHandler()).toEqualTypeOf<ErrorRequestHandler>()
    app.use(
      express.json(),
      db.middleware({ rollbackWhen: ({ status, req, error }) => status >= 500 && req.method !== 'GET' && error !== 1 }),
    )
    app.use(db.errorHandler())
    expectTypeOf(db.initApp(app)).toEqualTypeOf<ActiveAlchemy>()
    // @ts-expect-error there is no such option
    db.middleware({ veto: () => true })
    // @ts-expect-error an environment variable may be missing
    expectTypeOf(new ActiveAlchemy(process.env['DATABASE_URL'])).toEqualTypeOf<ActiveAlchemy>()
  })
})
