// The work that all contenders do, and how it is checked.
import { seeded } from './places.mjs'

/** A new user. */
const person = (number) => ({ name: `User ${number}`, email: `user${number}@example.org`, age: number % 100 })
const people = (count) => Array.from({ length: count }, (_, number) => person(number))

function expect(fact, what) {
  if (!fact) throw new Error(`${what} gave something else`)
}

let turn = 0
const key = () => (turn++ % seeded) + 1

/** What is done once for each operation; every result is looked at, and the whole of it once, by `facts`. */
export const work = (peer) => ({
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
    const age = turn++ % 1_000
    expect((await peer.update(key(), age)).age === age, 'update')
  },
  async 'soft delete, restore'() {
    await peer.restore(await peer.softDelete(key()))
  },
  async 'page of 20'() {
    expect((await peer.page(turn++ % 50)).length === 20, 'page')
  },
  async 'page of 20 with count'() {
    const { items, total } = await peer.pageWithCount(turn++ % 50)
    expect(items.length === 20 && total > 3_000, 'page with count')
  },
  async 'keyset page of 20'() {
    expect((await peer.after(key() % 4_000)).length === 20, 'keyset')
  },
  async 'load 1,000'() {
    expect((await peer.load(1_000)).length === 1_000, 'load')
  },
  async 'load 100 with their posts'() {
    const users = await peer.loadWithPosts(100)
    expect(users.length === 100 && users.every(({ posts }) => posts.length === 3), 'load with posts')
  },
  async 'filter by three operators'() {
    expect((await peer.filter(20, 40, 'User 1')).length === 20, 'filter')
  },
  async '10,000 inserts'() {
    await peer.insertMany(people(10_000))
  },
})

/** What stays, when each work has been done: equal for all contenders, or the measurement is void. */
export async function facts(peer) {
  const ids = (records) => records.map(({ id }) => id)
  const created = await peer.create(person(123))
  const read = await peer.get(created.id)
  expect(read.name === 'User 123' && read.email === 'user123@example.org', 'What create made')
  await peer.update(17, 71)
  expect((await peer.get(17)).age === 71, 'What update wrote')
  await peer.update(17, 16)
  const deleted = await peer.softDelete(18)
  expect(!(await peer.get(18)), 'A deleted record')
  await peer.restore(deleted)
  expect((await peer.get(18)).id === 18, 'A restored record')
  await peer.createInTransaction(people(3))
  await peer.insertMany(people(1_500))
  const { items, total } = await peer.pageWithCount(3)
  return JSON.stringify({
    page: ids(await peer.page(3)),
    counted: [ids(items), total],
    after: ids(await peer.after(1_234)),
    filter: ids(await peer.filter(20, 40, 'User 1')),
    load: ids(await peer.load(1_000)).length,
    posts: (await peer.loadWithPosts(100)).map(({ id, posts }) => [id, ids(posts).toSorted((one, other) => one - other)]),
  })
}

/** What a request does, in one transaction. */
export async function request(peer) {
  const id = key()
  const { age, id: created } = await peer.request(id, person(turn))
  expect(created > seeded && Number.isInteger(age), 'request')
  return { id: created, age }
}
