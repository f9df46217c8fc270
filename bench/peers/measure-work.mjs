import { estimate } from '../statistics.mjs'
import { startProcess } from './process.mjs'

/** Operations that take long enough for fewer rounds to do. */
const long = { '10,000 inserts': { rounds: 5, quick: 3 } }
export const works = [
  'get',
  'create',
  'create in a transaction of 100',
  'load, change, save',
  'soft delete, restore',
  'page of 20',
  'page of 20 with count',
  'keyset page of 20',
  'load 1,000',
  'load 100 with their posts',
  'filter by three operators',
  '10,000 inserts',
]
const writes = new Set(['create', 'create in a transaction of 100'])

/**
 * Measures the work: each contender in a process of its own, in turns.
 *
 * @param {{ database: string, places: object, contenders: readonly object[], wanted: (row: string) => boolean, quick: boolean,
 *   leaveOut: (name: string, reason: string) => void, tell: (row: string, cells: object) => void }} options
 * @returns {Promise<Record<string, number>>} Bytes that a loaded record keeps, by contender.
 */
export async function measureWork({ database, places, contenders, wanted, quick, leaveOut, tell }) {
  const peers = []
  const records = {}
  try {
    for (const { name, module } of contenders) {
      try {
        const process = await startProcess(name, new URL('contender.mjs', import.meta.url), [module, database, places.of(name)])
        peers.push({ name, ...process })
      } catch (error) {
        leaveOut(name, error.message)
      }
    }
    await check(peers, places, leaveOut)
    for (const what of works) if (wanted(what)) tell(what, await measureRow(what, { peers, places, quick }))
    if (wanted('load 1,000')) for (const { name, ask } of peers) records[name] = (await ask({ order: 'record' })).bytes
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()))
  }
  return records
}

/** Takes out whoever cannot do the work, or leaves something else than the client itself. */
async function check(peers, places, leaveOut) {
  const failed = new Set()
  let expected
  for (const peer of peers) {
    try {
      const { facts } = await peer.ask({ order: 'facts' })
      const added = await places.tidy(peer.name)
      if (added !== 1_504) throw new Error(`It added ${added} rows and not 1504`)
      expected ??= facts
      if (facts !== expected) throw new Error(`It read ${facts.slice(0, 300)}`)
    } catch (error) {
      if (peer.name === 'raw') throw error
      leaveOut(peer.name, error.message)
      failed.add(peer)
    }
  }
  for (const peer of failed) {
    peers.splice(peers.indexOf(peer), 1)
    await peer.stop()
  }
}

async function measureRow(what, { peers, places, quick }) {
  const isLong = what in long
  const slice = quick ? 20 : 150
  const warmUp = quick ? { times: 20_000, millis: 400 } : { times: 20_000, millis: 3_000 }
  // Who comes after the others finds their data in the caches of the processor.
  const leadIn = isLong || quick ? 0 : 50
  const rounds = isLong ? long[what][quick ? 'quick' : 'rounds'] : quick ? 7 : 11
  const atLatest = performance.now() + (quick ? 3_000 : Number.POSITIVE_INFINITY)
  const clean = async (name) => {
    const removed = await places.tidy(name)
    if (isLong && removed !== 10_000) throw new Error(`${name} inserted ${removed} rows and not 10,000`)
  }
  const counts = []
  const statements = []
  for (const { name, ask } of peers) {
    statements.push((await ask({ order: 'statements', what })).statements)
    if (isLong) await clean(name)
    // First: V8 throws away what it has optimized for objects of which a collection finds none, as it does not in a server at work.
    await ask({ order: 'reset' })
    // V8 optimizes what has run some thousand times.
    if (!isLong) await ask({ order: 'repeat', what, ...warmUp })
    else if (!quick) await ask({ order: 'repeat', what, times: 3, millis: 60_000 })
    if (isLong) await places.tidy(name)
    // As often as it can in a slice: contenders differ by two orders of magnitude.
    counts.push(isLong ? 1 : (await ask({ order: 'repeat', what, millis: slice })).count)
  }
  const costs = peers.map(() => [])
  for (let round = 0; round < rounds && (round < 3 || performance.now() < atLatest); round++) {
    // Another one begins each time.
    for (let turn = 0; turn < peers.length; turn++) {
      const index = (round + turn) % peers.length
      if (leadIn > 0) await peers[index].ask({ order: 'repeat', what, millis: leadIn })
      costs[index].push((await peers[index].ask({ order: 'run', what, count: counts[index] })).micros)
      if (isLong) await clean(peers[index].name)
    }
  }
  const cells = {}
  for (const [index, { name, ask }] of peers.entries()) {
    const { bytes } = await ask({ order: 'peak' })
    cells[name] = { micros: estimate(costs[index]), rounds: costs[index], statements: statements[index], peakBytes: bytes }
    if (writes.has(what)) await places.tidy(name)
  }
  return cells
}
