import { STATUS_CODES } from 'node:http'
import { bodyParser } from '@koa/bodyparser'
import { Router } from '@koa/router'
import Koa from 'koa'
import type { Middleware } from 'koa'
import { db } from './db.js'
import { Project, Task } from './models/index.js'

export function createApp() {
  const router = new Router()
  router.get('/projects', async (ctx) => {
    ctx.body = await Project.query().orderBy('name').paginate({ page: ctx.query.page, perPage: 20 })
  })
  router.post('/projects', async (ctx) => {
    ctx.status = 201
    ctx.body = await Project.create(ctx.request.body as { name: string })
  })
  router.get('/projects/:id', async (ctx) => {
    ctx.body = await Project.getOrError(ctx.params.id, { with: ['tasks'] })
  })
  router.post('/projects/:id/tasks', async (ctx) => {
    const { title } = ctx.request.body as { title: string }
    const project = await Project.getOrError(ctx.params.id)
    ctx.status = 201
    ctx.body = await Task.create({ title, project })
  })
  router.patch('/tasks/:id', async (ctx) => {
    ctx.body = await Task.getOrError(ctx.params.id).update(ctx.request.body as { title?: string; isDone?: boolean })
  })
  router.delete('/tasks/:id', async (ctx) => {
    await Task.getOrError(ctx.params.id).delete()
    ctx.status = 204
  })

  return (
    new Koa()
      .use(answerErrors)
      .use(answerHealth)
      // Each request below is one transaction: kept before its answer leaves, undone by an error or a status of 400 and above.
      .use(db.middleware({ json: true }))
      .use(bodyParser())
      .use(router.routes())
  )
}

/** Whatever the database has not caused: no such route, a body that is no JSON, or a mistake in this program. */
const answerErrors: Middleware = async (ctx, next) => {
  try {
    await next()
    if (ctx.status === 404 && ctx.body == null) ctx.throw(404)
  } catch (error) {
    const { status = 500, expose = false, message } = error as { status?: number; expose?: boolean; message?: string }
    if (status >= 500) ctx.app.emit('error', error, ctx)
    ctx.status = status
    ctx.body = { type: 'about:blank', title: STATUS_CODES[status], status, ...(expose ? { detail: message } : {}) }
    ctx.type = 'application/problem+json'
  }
}

const answerHealth: Middleware = async (ctx, next) => {
  if (ctx.path !== '/health') return next()
  const health = await db.health({ migrations: true })
  ctx.status = health.ok ? 200 : 503
  ctx.body = health
}
