import { openConnection } from '../connection.mjs'
import { estimate, sorted } from '../statistics.mjs'
import { startProcess } from './process.mjs'

const connections = 32
export const frameworks = ['express', 'fastify']

/**
 * Measures a request that reads, changes and inserts in one transaction: each contender behind a server in a process of its own, in turns.
 *
 * @returns {Promise<object>} By contender: seconds for a request, its CPU, and its latency.
 */
export async function measureHttp({ database, framework, places, contenders, quick }) {
  const servers = []
  try {
    for (const { name, module } of contenders) servers.push({ name, ...(await startServer({ name, module, database, framework, places })) })
    const [rounds, millis] = quick ? [4, 400] : [9, 1_000]
    for (const server of servers) await server.load(quick ? 3_000 : 10_000, quick ? 1_000 : 20_000)
    const slices = servers.map(() => [])
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < servers.length; turn++) {
        const index = (round + turn) % servers.length
        slices[index].push(await servers[index].load(millis))
      }
    }
    const cells = {}
    for (const [index, { name, served }] of servers.entries()) {
      const added = await places.tidy(name)
      if (added !== served()) throw new Error(`${name} answered ${served()} requests and inserted ${added} rows`)
      const of = (what) => slices[index].map((slice) => slice[what])
      cells[name] = { micros: estimate(of('micros')), rounds: of('micros'), rate: of('rate'), p50: of('p50'), p99: of('p99') }
    }
    return cells
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

async function startServer({ name, module, database, framework, places }) {
  const parameters = [module, database, places.of(name), framework]
  const server = await startProcess(`${name} on ${framework}`, new URL('server.mjs', import.meta.url), parameters)
  const clients = await Promise.all(Array.from({ length: connections }, () => openConnection(server.first.port)))
  let served = 0
  return {
    served: () => served,
    /** Sends requests for so long, or so many, one at a time on each connection. */
    async load(millis, atMost = Number.POSITIVE_INFINITY) {
      const { micros: before } = await server.ask('cpu')
      const latencies = []
      const start = performance.now()
      await Promise.all(
        clients.map(async ({ ask }) => {
          let now = performance.now()
          while (now < start + millis && latencies.length < atMost) {
            await ask('POST /')
            const end = performance.now()
            latencies.push(end - now)
            now = end
          }
        }),
      )
      const seconds = (performance.now() - start) / 1_000
      served += latencies.length
      const { micros: after } = await server.ask('cpu')
      const ordered = sorted(latencies)
      const at = (share) => ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))]
      return { micros: (after - before) / latencies.length, rate: latencies.length / seconds, p50: at(0.5), p99: at(0.99) }
    },
    async stop() {
      for (const { end } of clients) end()
      await server.stop()
    },
  }
}
