import { plugin } from '@active-alchemy/fastify'
import fastify from 'fastify'
import { report, type Start } from './application.ts'

/** Fastify by its `inject`, which needs no socket. */
export const start: Start = async (db, handler) => {
  const app = fastify()
  await app.register(plugin(db, { report }))
  app.post<{ Params: { text: string } }>('/notes/:text', async (req, reply) => reply.status(await handler(req.params.text)).send({}))
  return {
    post: async (text, headers) => (await app.inject({ method: 'POST', url: `/notes/${text}`, headers })).statusCode,
    close: () => app.close(),
  }
}
