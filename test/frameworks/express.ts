import { createServer } from 'node:http'
import { errorHandler, initApp, middleware } from '@active-alchemy/express'
import compression from 'compression'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import session from 'express-session'
import express4Module from 'express4'
import multer from 'multer'
import { type AppParts, type Framework, type Handler, listen, type Reply, statusOf, wordsOf } from './framework.ts'

/** What is mounted around the adapter. */
type Dress = 'none' | 'compression and session'

function application(
  create: () => Express,
  dress: Dress,
  { routes, routeOptions = {}, databases, options = {}, errorStatus, errors, mountTwice, initAppLast, beneath, between, over }: AppParts,
): Express {
  const app = create()
  const dressed = dress !== 'none'
  if (dressed) {
    app.use(compression({ threshold: 0 }))
    app.use(session({ secret: 'test', resave: false, saveUninitialized: true }))
  }
  if (beneath) app.use((req, res, next) => (beneath(req, res), next()))
  if (!initAppLast) app.use(middleware(...databases, options))
  if (over) app.use((req, res, next) => (over(req, res), next()))
  if (between) app.use((_req, _res, next) => between(next))
  if (mountTwice) app.use(middleware(...databases, options))
  if (dressed) {
    app.use(compression({ threshold: 0 }))
    app.use(session({ name: 'second', secret: 'test', resave: false, saveUninitialized: true }))
  }
  app.use(express.json({ limit: '5mb' }), express.urlencoded({ extended: true }), multer().none())
  for (const [route, handler] of Object.entries(routes)) {
    const [method = 'GET', path = '/'] = route.split(' ')
    const own = routeOptions[route] ? [middleware(routeOptions[route])] : []
    app[method.toLowerCase() as 'get'](path, ...own, (req: Request, res: Response, next: NextFunction) => {
      answer(handler, req, res).catch(next)
    })
  }
  app.use(errorHandler({ json: errors === 'json' }))
  if (initAppLast) for (const db of databases) initApp(app, db, options)
  if (errors === 'framework' || errors === 'json') return app
  app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) next(error)
    else res.status(errorStatus ?? statusOf(error)).json(wordsOf(error))
  })
  return app
}

async function answer(handler: Handler, req: Request, res: Response): Promise<void> {
  const reply: Reply = await handler({ req, res, body: req.body as unknown })
  if ('json' in reply) res.status(reply.status ?? 200).json(reply.json)
  else if ('text' in reply) res.send(reply.text)
  else if ('redirect' in reply) res.redirect(reply.redirect)
  else if ('file' in reply) res.sendFile(reply.file)
  else if ('stream' in reply) reply.stream.on('error', (error) => res.destroy(error)).pipe(res)
  else if ('raw' in reply) await reply.raw(res)
  else if ('twice' in reply) {
    res.json(reply.twice[0])
    res.json(reply.twice[1])
  } else res.status(reply.status).end()
}

function framework(name: string, create: () => Express, dress: Dress = 'none', databases?: readonly string[]): Framework {
  return {
    name,
    lacks: {
      'HTTP/2': 'Express has no HTTP/2',
      ...(dress === 'none'
        ? {}
        : {
            'an end before the head': 'the sessions and the compression over it send the head first',
            'second answers': 'the error of a second answer may end the socket before compression has sent the first',
          }),
    },
    ...(databases ? { databases } : {}),
    start: (parts) => listen(createServer(application(create, dress, parts))),
  }
}

export const express5 = framework('express 5', express)
export const express5Dressed = framework('express 5 with compression and session', express, 'compression and session')
export const express4 = framework('express 4', express4Module, 'none', ['sqlite'])
