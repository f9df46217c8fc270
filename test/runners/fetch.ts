import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { middleware } from '@active-alchemy/koa'
import Koa from 'koa'
import { report, type Start } from './application.ts'

/** Koa by `fetch`, over a socket. */
export const start: Start = async (db, handler) => {
  const app = new Koa().use(middleware(db, { report }))
  app.silent = true
  app.use(async (ctx) => {
    ctx.status = await handler(ctx.path.replace('/notes/', ''))
    ctx.body = {}
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    post: async (text, headers) => (await fetch(`http://127.0.0.1:${port}/notes/${text}`, { method: 'POST', headers })).status,
    close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))),
  }
}
