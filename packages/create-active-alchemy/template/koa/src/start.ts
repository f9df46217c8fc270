import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createApp } from './app.js'
import { db } from './db.js'

/** Listens on a port; 0 takes one that is free. `stop` waits for the requests under way, then closes the database. */
export async function start(port: number) {
  const server = createApp().listen(port)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      await new Promise((resolve) => server.close(resolve))
      await db.close()
    },
  }
}
