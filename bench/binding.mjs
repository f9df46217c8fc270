import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `bare` is the framework alone; Express is compared with itself and one middleware that does nothing. */
const variants = ['bare', 'untouched', 'read', 'write']
const frameworks = ['node:http', 'express', 'fastify', 'koa', 'nest on express', 'nest on fastify']

/**
 * What the adapters cost: CPU time of the server's process for each request, as a ratio to the bare framework.
 *
 * All variants of a framework run side by side, in turns, each in a process of its own; a ratio is the median over the rounds.
 *
 * @param {{ quick: boolean, tell: (text: string) => void }} options
 * @returns {Promise<Record<string, Record<string, number>>>} Ratios by framework and variant.
 */
export async function measureBinding({ quick, tell }) {
  const { rounds, requests } = quick ? { rounds: 8, requests: 800 } : { rounds: 16, requests: 1_500 }
  tell(`CPU per request, ratio to the bare framework: median of ${rounds} rounds of ${requests} requests [lowest to highest]\n`)
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
      for (const server of servers) await server.spend(requests * 2)
      const costs = servers.map(() => [])
      for (let round = 0; round < rounds; round++) {
        // Another one begins each time: who comes after the writer finds a cold cache.
        for (let turn = 0; turn < servers.length; turn++) {
          const index = (round + turn) % servers.length
          costs[index].push(await servers[index].spend(requests))
        }
      }
      const ratios = costs.map((each) => each.map((cost, round) => cost / costs[0][round]))
      rows[framework] = Object.fromEntries(variants.map((name, index) => [name, median(ratios[index])]))
      const cells = ratios.slice(1).map((each) => {
        const [low, high] = [Math.min(...each), Math.max(...each)]
        return `${median(each).toFixed(2)} [${low.toFixed(2)} to ${high.toFixed(2)}]`.padEnd(22)
      })
      tell(`${framework.padEnd(17)}${`${median(costs[0]).toFixed(0)} µs`.padStart(8)}  ${cells.join('')}`)
    } finally {
      await Promise.all(servers.map((server) => server.stop()))
      rmSync(folder, { recursive: true })
    }
  }
  return rows
}

/** A server in a process of its own. */
async function start(framework, variant, file) {
  const child = fork(new URL('binding-server.mjs', import.meta.url), [framework, variant, file], {
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const [{ port }] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`The server ${framework}, ${variant} did not start`))),
  ])
  const cpu = async () => {
    child.send('cpu')
    const [{ micros }] = await once(child, 'message')
    return micros
  }
  return {
    /** Sends requests, eight at a time. @returns {Promise<number>} Microseconds of the server's CPU for each. */
    async spend(requests) {
      const before = await cpu()
      let left = requests
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          while (left-- > 0) await ask(port, agent)
        }),
      )
      return ((await cpu()) - before) / requests
    },
    async stop() {
      agent.destroy()
      child.kill()
      await once(child, 'exit')
    },
  }
}

function ask(port, agent) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/', agent }, (res) => {
      if (res.statusCode !== 200) reject(new Error(`The server answered ${res.statusCode}`))
      res.on('end', resolve).resume()
    }).on('error', reject)
  })
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)]
}
