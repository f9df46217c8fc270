import fastify from 'fastify'
import { db } from './db.js'
import { Project, Task } from './models/index.js'
import { settings } from './settings.js'

interface Id {
  Params: { id: string }
}

export async function createApp() {
  const app = fastify({ logger: { level: settings.isTest ? 'error' : 'info' } })

  // Each request is one transaction: kept before its answer leaves, undone by an error or a status of 400 and above.
  await app.register(db.plugin({ json: true, close: true, skip: ({ url }) => url === '/health' }))

  app.get('/health', async (_request, reply) => {
    const health = await db.health({ migrations: true })
    return reply.code(health.ok ? 200 : 503).send(health)
  })

  app.get<{ Querystring: { page?: string } }>('/projects', async (request) => {
    return Project.query().orderBy('name').paginate({ page: request.query.page, perPage: 20 })
  })
  app.post<{ Body: { name: string } }>('/projects', async (request, reply) => {
    reply.code(201)
    return Project.create(request.body)
  })
  app.get<Id>('/projects/:id', async (request) => {
    return Project.getOrError(request.params.id, { with: ['tasks'] })
  })
  app.post<Id & { Body: { title: string } }>('/projects/:id/tasks', async (request, reply) => {
    const project = await Project.getOrError(request.params.id)
    reply.code(201)
    return Task.create({ title: request.body.title, project })
  })
  app.patch<Id & { Body: { title?: string; isDone?: boolean } }>('/tasks/:id', async (request) => {
    return Task.getOrError(request.params.id).update(request.body)
  })
  app.delete<Id>('/tasks/:id', async (request, reply) => {
    await Task.getOrError(request.params.id).delete()
    return reply.code(204).send()
  })

  return app
}
