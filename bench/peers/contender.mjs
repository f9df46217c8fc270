// One contender in a process of its own: it does the work that it is told, and says what CPU that took.
const [name, uri] = process.argv.slice(2)
const { open } = await import(`./${name}.mjs`)

/** Rows that are there from the beginning. */
const seeded = 5_000
const person = (number) => ({ name: `User ${number}`, email: `user${number}@example.org`, age: number % 100 })
const people = (count) => Array.from({ length: count }, (_, number) => person(number))

function expect(fact, what) {
  if (!fact) throw new Error(`${what} gave something else`)
}

const peer = await open(uri)
await peer.insertMany(people(seeded))

let turn = 0
const key = () => (turn++ % seeded) + 1

const work = {
  async get() {
    const id = key()
    const user = await peer.get(id)
    expect(user.id === id && user.name === `User ${id - 1}`, 'get')
  },
  async create() {
    expect((await peer.create(person(turn++))).id > seeded, 'create')
  },
  async 'create in a transaction of 100'() {
    await peer.createInTransaction(people(100))
  },
  async 'load, change, save'() {
    const age = turn++
    expect((await peer.update(key(), age)).age === age, 'update')
  },
  async 'soft delete, restore'() {
    await peer.deleteAndRestore(key())
  },
  async 'page of 20'() {
    expect((await peer.page(20 * (turn++ % 50))).length === 20, 'page')
  },
  async 'keyset page of 20'() {
    expect((await peer.after(key() % 4_000)).length === 20, 'keyset')
  },
  async 'load 1,000'() {
    expect((await peer.load(1_000)).length === 1_000, 'load')
  },
  async 'filter by three operators'() {
    expect((await peer.filter(20, 40, 'User 1')).length === 20, 'filter')
  },
  async '10,000 inserts'() {
    await peer.insertMany(people(10_000))
    await peer.removeAbove(seeded)
  },
}

async function measure({ what, count }) {
  const before = process.cpuUsage()
  for (let done = 0; done < count; done++) await work[what]()
  const { user, system } = process.cpuUsage(before)
  return { micros: (user + system) / count }
}

process.on('message', (asked) => {
  measure(asked).then(
    (measured) => process.send(measured),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  )
})
process.send({ ready: true })
