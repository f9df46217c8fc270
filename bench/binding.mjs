import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openConnection } from './connection.mjs'
import { estimate } from './statistics.mjs'

/**
 * `bare` is the framework alone; Express is compared with itself and one middleware that does nothing. `context` is that with
 * one `AsyncLocalStorage.run` for each request, and nothing else.
 */
const variants = ['bare', 'context', 'untouched', 'read', 'write']
const frameworks = ['node:http', 'express', 'fastify', 'koa', 'nest on express', 'nest on fastify']
const connections = 8

/**
 * What the adapters cost: CPU time of the server's process for each request, as a ratio to the bare framework.
 *
 * All variants of a framework run side by side, in turns, each in a process of its own. A ratio is the median of those of
 * the rounds, with the interval that holds the true median in 95 of 100 cases.
 *
 * @param {{ quick: boolean, tell: (text: string) => void }} options
 * @returns {Promise<{ rows: Record<string, Record<string, ReturnType<typeof estimate>>> }>} Ratios by framework and variant.
 */
export async function measureBinding({ quick, tell }) {
  const { rounds, requests } = quick ? { rounds: 20, requests: 400 } : { rounds: 100, requests: 400 }
  tell(`Node ${process.version}. CPU per request, ratio to the bare framework: median of ${rounds} rounds of ${requests} requests`)
  tell('[95 % interval of the median]\n')
  tell(
    `${'framework'.padEnd(17)}${'bare'.padStart(8)}  ${variants
      .slice(1)
      .map((name) => name.padEnd(22))
      .join('')}`,
  )
  const rows = {}
  for (const framework of frameworks) {
    const folder = mkdtempSync(join(tmpdir(), 'alchemy-bench-'))
    const servers = []
    try {
      for (const variant of variants) servers.push(await start(framework, variant, join(folder, `${variant}.db`)))
      // V8 optimizes a server over its first ten thousand requests.
      for (const server of servers) await server.spend(quick ? 4_000 : 20_000)
      const costs = servers.map(() => [])
      for (let round = 0; round < rounds; round++) {
        // Another one begins each time: who comes after the writer finds a cold cache.
        for (let turn = 0; turn < servers.length; turn++) {
          const index = (round + turn) % servers.length
          costs[index].push(await servers[index].spend(requests))
        }
      }
      const ratios = costs.map((each) => estimate(each.map((cost, round) => cost / costs[0][round])))
      rows[framework] = Object.fromEntries(variants.map((name, index) => [name, ratios[index]]))
      const cells = ratios
        .slice(1)
        .map(({ median, low, high }) => `${median.toFixed(2)} [${low.toFixed(2)} to ${high.toFixed(2)}]`.padEnd(22))
      tell(`${framework.padEnd(17)}${`${estimate(costs[0]).median.toFixed(0)} µs`.padStart(8)}  ${cells.join('')}`)
    } finally {
      await Promise.all(servers.map((server) => server.stop()))
      rmSync(folder, { recursive: true })
    }
  }
  return { rows }
}

/** A server in a process of its own. */
async function start(framework, variant, file) {
  const child = fork(new URL('binding-server.mjs', import.meta.url), [framework, variant, file], {
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const [{ port }] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`The server ${framework}, ${variant} did not start`))),
  ])
  const clients = await Promise.all(Array.from({ length: connections }, () => openConnection(port)))
  const cpu = async () => {
    child.send('cpu')
    const [{ micros }] = await once(child, 'message')
    return micros
  }
  return {
    /** Sends requests, one at a time on each connection. @returns {Promise<number>} Microseconds of the server's CPU for each. */
    async spend(requests) {
      const before = await cpu()
      let left = requests
      await Promise.all(
        clients.map(async ({ ask }) => {
          while (left-- > 0) await ask()
        }),
      )
      return ((await cpu()) - before) / requests
    },
    async stop() {
      for (const { end } of clients) end()
      child.kill()
      await once(child, 'exit')
    },
  }
}
