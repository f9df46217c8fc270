// A server on one framework, whose requests one contender serves, in a process of its own.
import { createServer } from 'node:http'
import { request } from './work.mjs'

const [module, database, uri, framework] = process.argv.slice(2)
const { open } = await import(module)
const peer = await open(database, uri)

const frameworks = {
  async express() {
    const { default: express } = await import('express')
    const app = express()
    await peer.bind?.express(app)
    app.post('/', async (_req, res) => res.json(await request(peer)))
    return createServer(app)
  },
  async fastify() {
    const { fastify } = await import('fastify')
    const app = fastify()
    await peer.bind?.fastify(app)
    app.post('/', () => request(peer))
    await app.ready()
    return app.server
  },
}

const server = await frameworks[framework]()
// The turns of the others may take longer than a connection is kept.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ micros: user + system })
})
