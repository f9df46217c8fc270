import { STATUS_CODES } from 'node:http'
import express from 'express'
import type { ErrorRequestHandler } from 'express'
import { db } from './db.js'
import { Project, Task } from './models/index.js'

export function createApp() {
  const app = express()
  app.disable('x-powered-by')

  app.get('/health', async (_req, res) => {
    const health = await db.health({ migrations: true })
    res.status(health.ok ? 200 : 503).json(health)
  })

  // Each request below is one transaction: kept before its answer leaves, undone by an error or a status of 400 and above.
  app.use(express.json(), db.middleware())

  app.get('/projects', async (req, res) => {
    res.json(await Project.query().orderBy('name').paginate({ page: req.query.page, perPage: 20 }))
  })
  app.post('/projects', async (req, res) => {
    res.status(201).json(await Project.create(req.body))
  })
  app.get('/projects/:id', async (req, res) => {
    res.json(await Project.getOrError(req.params.id, { with: ['tasks'] }))
  })
  app.post('/projects/:id/tasks', async (req, res) => {
    const project = await Project.getOrError(req.params.id)
    res.status(201).json(await Task.create({ title: req.body.title, project }))
  })
  app.patch('/tasks/:id', async (req, res) => {
    res.json(await Task.getOrError(req.params.id).update(req.body))
  })
  app.delete('/tasks/:id', async (req, res) => {
    await Task.getOrError(req.params.id).delete()
    res.sendStatus(204)
  })

  app.use((_req, res) => {
    res.status(404).type('application/problem+json').json({ type: 'about:blank', title: 'Not Found', status: 404 })
  })
  app.use(db.errorHandler({ json: true }), answerError)
  return app
}

/** Whatever the database has not caused: a body that is no JSON, or a mistake in this program. */
const answerError: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error)
  const { status = 500, expose = false, message } = error
  if (status >= 500) console.error(error)
  const problem = { type: 'about:blank', title: STATUS_CODES[status], status, ...(expose ? { detail: message } : {}) }
  res.status(status).type('application/problem+json').json(problem)
}
