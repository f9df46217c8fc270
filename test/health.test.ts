import { createServer, type Socket } from 'node:net'
import { ActiveAlchemy } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import { healthRows } from './conformance/health.ts'
import { eachDatabase } from './matrix.ts'

eachDatabase('health', healthRows)

it('a server that takes the connection and says nothing is ill after timeoutMs', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => void sockets.push(socket))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const db = new ActiveAlchemy(`postgresql://joe@127.0.0.1:${port}/none`, { poolTimeoutMs: 600 })
  expect(await db.health({ timeoutMs: 100 })).toMatchObject({ ok: false, error: 'TIMEOUT', latencyMs: null })
  for (const socket of sockets) socket.destroy()
  await db.close()
  await new Promise((resolve) => silent.close(resolve))
})
