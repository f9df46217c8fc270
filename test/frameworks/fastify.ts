import { createReadStream } from 'node:fs'
import { initApp, plugin } from '@active-alchemy/fastify'
import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify'
import { type AppParts, type Framework, type Handler, listen, type Reply, statusOf, wordsOf } from './framework.ts'

async function prepare(
  app: FastifyInstance,
  { routes, routeOptions = {}, databases, options = {}, errorStatus, errors, mountTwice, initAppLast, beneath, between, over }: AppParts,
): Promise<void> {
  const bindOptions = { ...options, json: errors === 'json' }
  if (beneath) app.addHook('onRequest', ({ raw }, reply, done) => (beneath(raw, reply.raw), done()))
  if (!initAppLast) await app.register(plugin(...databases, bindOptions))
  if (over) app.addHook('onRequest', ({ raw }, reply, done) => (over(raw, reply.raw), done()))
  if (between) app.addHook('onRequest', (_request, _reply, done) => between(done))
  if (mountTwice) await app.register(plugin(...databases, options))
  await app.register(formbody)
  await app.register(multipart, { attachFieldsToBody: 'keyValues' })
  app.addContentTypeParser('application/octet-stream', (_request, _body, done) => done(null))
  if (errors === undefined || errors === 'application')
    app.setErrorHandler((error, _request, reply) => reply.code(errorStatus ?? statusOf(error)).send(wordsOf(error)))
  for (const [route, handler] of Object.entries(routes)) {
    const [method = 'GET', url = '/'] = route.split(' ')
    const config = routeOptions[route] ? { alchemy: routeOptions[route] } : {}
    app.route({ method: method as HTTPMethods, url, config, handler: (request, reply) => answer(handler, request, reply) })
  }
  if (initAppLast) for (const db of databases) initApp(app, db, bindOptions)
  await app.ready()
}

async function answer(handler: Handler, { raw: req, body }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const answered: Reply = await handler({ req, res: reply.raw, body })
  if ('json' in answered) return reply.code(answered.status ?? 200).send(answered.json)
  if ('text' in answered) return reply.send(answered.text)
  if ('redirect' in answered) return reply.redirect(answered.redirect)
  if ('file' in answered) return reply.type('text/plain').send(createReadStream(answered.file))
  if ('stream' in answered) return reply.send(answered.stream)
  if ('raw' in answered) {
    reply.hijack()
    await answered.raw(reply.raw)
    return reply
  }
  if ('twice' in answered) return reply.send(answered.twice[0]).send(answered.twice[1])
  return reply.code(answered.status).send()
}

export const fastify5: Framework = {
  name: 'fastify 5',
  lacks: { 'an end before the head': 'Fastify sends the head first' },
  async start(parts) {
    // The suite speaks to both alike; the types of an application know its server.
    const app = parts.http2 ? (fastify({ http2: true }) as unknown as FastifyInstance) : fastify()
    await prepare(app, parts)
    const running = await listen(app.server)
    return { ...running, stop: () => running.stop().then(() => app.close()) }
  },
}
