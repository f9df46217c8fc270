import type { AddressInfo } from 'node:net'
import { createApp } from './app.js'

/** Listens on a port; 0 takes one that is free. `stop` waits for the requests under way; the plugin closes the database. */
export async function start(port: number) {
  const app = await createApp()
  // By itself Fastify listens to this machine alone, which in a container is nobody.
  await app.listen({ port, host: '0.0.0.0' })
  return {
    port: (app.server.address() as AddressInfo).port,
    stop: () => app.close(),
  }
}
