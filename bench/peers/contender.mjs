// One contender in a process of its own: it does the work that it is told, and says what that took.
import { bytesOfRecord, peak, resetPeak } from './memory.mjs'
import { countStatements } from './statements.mjs'
import { facts, work } from './work.mjs'

const [module, database, uri] = process.argv.slice(2)
const { open } = await import(module)
const peer = await open(database, uri)
const operations = work(peer)

const orders = {
  facts: async () => ({ facts: await facts(peer) }),
  /** Does the work so often, or until it has had so much of the CPU. @returns How often that was. */
  async repeat({ what, times = Number.POSITIVE_INFINITY, millis }) {
    const before = process.cpuUsage()
    let count = 0
    let spent = 0
    do {
      await operations[what]()
      count += 1
      const { user, system } = process.cpuUsage(before)
      spent = (user + system) / 1_000
    } while (count < times && spent < millis)
    return { count }
  },
  async run({ what, count }) {
    const before = process.cpuUsage()
    for (let done = 0; done < count; done++) await operations[what]()
    const { user, system } = process.cpuUsage(before)
    return { micros: (user + system) / count }
  },
  async statements({ what }) {
    // A pool that had been idle opens a connection first.
    await operations.get()
    return { statements: await countStatements(database, operations[what]) }
  },
  reset: async () => (resetPeak(), {}),
  peak: async () => ({ bytes: peak() }),
  record: async () => ({ bytes: await bytesOfRecord(() => peer.load(1_000), 5) }),
}

process.on('message', (order) => {
  orders[order.order](order).then(
    (answer) => process.send(answer),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  )
})
// Whoever stops the measurement stops what it has started.
process.on('disconnect', () => process.exit())
process.send({ ready: true })
