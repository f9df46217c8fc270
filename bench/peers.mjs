import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { interval, median } from './statistics.mjs'

const contenders = ['raw', 'active-alchemy', 'kysely', 'drizzle', 'typeorm']

/** Operations of a round, so that each takes some milliseconds. */
const work = {
  get: 400,
  create: 60,
  'create in a transaction of 100': 2,
  'load, change, save': 60,
  'soft delete, restore': 40,
  'page of 20': 60,
  'keyset page of 20': 60,
  'load 1,000': 3,
  'filter by three operators': 60,
  '10,000 inserts': 1,
}

/**
 * What the library costs beside its peers: CPU time of the client's process for each operation, as a ratio to the database's own client.
 *
 * Each contender runs in a process of its own, on a database of its own, in turns; each by its ordinary API, and each checks what it got.
 *
 * @param {{ quick: boolean, tell: (text: string) => void, databases?: readonly string[] }} options
 * @returns {Promise<Record<'rows' | 'intervals', Record<string, Record<string, number | number[]>>>>} Ratios, and the intervals that hold
 *   them, by `database work` and contender.
 */
export async function measurePeers({ quick, tell, databases = ['sqlite', 'postgres'] }) {
  const rounds = quick ? 9 : 31
  const rows = {}
  const intervals = {}
  for (const database of databases) {
    const places = await provide(database)
    const peers = []
    try {
      for (const name of contenders) peers.push(await start(name, places.of(name)))
      tell(`\n${database}, Node ${process.version}. CPU per operation, ratio to raw: median of ${rounds} rounds [95 % interval]\n`)
      tell(
        `${'work'.padEnd(31)}${'raw'.padStart(10)}  ${contenders
          .slice(1)
          .map((name) => name.padEnd(22))
          .join('')}`,
      )
      for (const [what, count] of Object.entries(work)) {
        for (const peer of peers) await peer.run(what, count)
        const costs = peers.map(() => [])
        for (let round = 0; round < rounds; round++) {
          // Another one begins each time.
          for (let turn = 0; turn < peers.length; turn++) {
            const index = (round + turn) % peers.length
            costs[index].push(await peers[index].run(what, count))
          }
        }
        const row = `${database} ${what}`
        const ratios = costs.map((each) => each.map((cost, round) => cost / costs[0][round]))
        rows[row] = Object.fromEntries(contenders.map((name, index) => [name, median(ratios[index])]))
        intervals[row] = Object.fromEntries(contenders.map((name, index) => [name, interval(ratios[index])]))
        const cells = ratios.slice(1).map((each) =>
          `${median(each).toFixed(2)} [${interval(each)
            .map((edge) => edge.toFixed(2))
            .join(' to ')}]`.padEnd(22),
        )
        tell(`${what.padEnd(31)}${`${median(costs[0]).toFixed(1)} µs`.padStart(10)}  ${cells.join('')}`)
      }
    } finally {
      await Promise.all(peers.map((peer) => peer.stop()))
      await places.drop()
    }
  }
  return { rows, intervals }
}

/** A database for each contender. */
async function provide(database) {
  if (database === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'alchemy-peers-'))
    return {
      of: (name) => `sqlite:///${join(folder, `${name}.db`)}?synchronous=normal`,
      drop: async () => rmSync(folder, { recursive: true }),
    }
  }
  const admin = process.env['ALCHEMY_PG_URL'] ?? 'postgresql://postgres@127.0.0.1:5432/postgres'
  const client = new Client(admin)
  await client.connect()
  const names = new Map(contenders.map((name) => [name, `peers_${process.pid}_${name.replace('-', '_')}`]))
  for (const name of names.values()) await client.query(`create database ${name}`)
  return {
    of: (name) => String(Object.assign(new URL(admin), { pathname: `/${names.get(name)}` })),
    async drop() {
      for (const name of names.values()) await client.query(`drop database if exists ${name} with (force)`)
      await client.end()
    },
  }
}

async function start(name, uri) {
  const child = fork(new URL('peers/contender.mjs', import.meta.url), [name, uri], { env: { ...process.env, NODE_ENV: 'production' } })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`The process of ${name} has ended`)))
  ended.catch(() => undefined)
  const answer = async () => {
    const [message] = await Promise.race([once(child, 'message'), ended])
    if (message.error) throw new Error(`${name}: ${message.error}`)
    return message
  }
  await answer()
  return {
    /** @returns {Promise<number>} Microseconds of the process's CPU for each operation. */
    async run(what, count) {
      child.send({ what, count })
      return (await answer()).micros
    },
    async stop() {
      child.kill()
      await ended.catch(() => undefined)
    },
  }
}
