// The database's own client: statements prepared once, rows as objects.
import { postgres, sqlite } from './schema.mjs'

const live = 'deleted_at is null'
const fields = 'id, created_at, updated_at, is_deleted, deleted_at, name, email, age'

const texts = (place) => ({
  get: `select ${fields} from users where id = ${place(1)} and ${live}`,
  insert: `insert into users (created_at, updated_at, is_deleted, name, email, age) values (${place(1)}, ${place(2)}, ${place(3)}, ${place(4)}, ${place(5)}, ${place(6)}) returning id`,
  update: `update users set age = ${place(1)}, updated_at = ${place(2)} where id = ${place(3)}`,
  mark: `update users set is_deleted = ${place(1)}, deleted_at = ${place(2)}, updated_at = ${place(3)} where id = ${place(4)}`,
  page: `select ${fields} from users where age >= ${place(1)} and ${live} order by id limit ${place(2)} offset ${place(3)}`,
  after: `select ${fields} from users where id > ${place(1)} and ${live} order by id limit ${place(2)}`,
  load: `select ${fields} from users where ${live} limit ${place(1)}`,
  filter: `select ${fields} from users where age between ${place(1)} and ${place(2)} and name like ${place(3)} and id > ${place(4)} and ${live} order by id limit ${place(5)}`,
  removeAbove: `delete from users where id > ${place(1)}`,
})

export async function open(uri) {
  const db = sqlite(uri)
  return db ? overSqlite(db) : overPostgres(await postgres(uri))
}

function overSqlite(db) {
  const text = texts(() => '?')
  const statements = Object.fromEntries(Object.entries(text).map(([name, sql]) => [name, db.prepare(sql)]))
  const now = () => `${new Date().toISOString().replace('T', ' ').slice(0, -1)}000`
  const insert = (values) => {
    const at = now()
    const { id } = statements.insert.get(at, at, 0, values.name, values.email, values.age)
    return { id, ...values }
  }
  const inTransaction = db.transaction((rows) => rows.map(insert))
  return {
    get: async (id) => statements.get.get(id),
    create: async (values) => insert(values),
    createInTransaction: async (rows) => inTransaction(rows),
    async update(id, age) {
      const user = statements.get.get(id)
      statements.update.run(age, now(), id)
      return { ...user, age }
    },
    async deleteAndRestore(id) {
      statements.get.get(id)
      statements.mark.run(1, now(), now(), id)
      statements.mark.run(0, null, now(), id)
    },
    page: async (offset) => statements.page.all(20, 20, offset),
    after: async (id) => statements.after.all(id, 20),
    load: async (count) => statements.load.all(count),
    filter: async (low, high, start) => statements.filter.all(low, high, `${start}%`, 100, 20),
    insertMany: async (rows) => inTransaction(rows),
    removeAbove: async (id) => statements.removeAbove.run(id),
  }
}

function overPostgres(pool) {
  const text = texts((number) => `$${number}`)
  const send = async (client, name, values) => (await client.query({ name, text: text[name], values })).rows
  const insert = async (client, values) => {
    const at = new Date()
    const [{ id }] = await send(client, 'insert', [at, at, false, values.name, values.email, values.age])
    return { id, ...values }
  }
  const inTransaction = async (work) => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      const result = await work(client)
      await client.query('commit')
      return result
    } finally {
      client.release()
    }
  }
  return {
    get: async (id) => (await send(pool, 'get', [id]))[0],
    create: (values) => insert(pool, values),
    createInTransaction: (rows) =>
      inTransaction(async (client) => {
        for (const values of rows) await insert(client, values)
      }),
    async update(id, age) {
      const [user] = await send(pool, 'get', [id])
      await send(pool, 'update', [age, new Date(), id])
      return { ...user, age }
    },
    async deleteAndRestore(id) {
      await send(pool, 'get', [id])
      await send(pool, 'mark', [true, new Date(), new Date(), id])
      await send(pool, 'mark', [false, null, new Date(), id])
    },
    page: (offset) => send(pool, 'page', [20, 20, offset]),
    after: (id) => send(pool, 'after', [id, 20]),
    load: (count) => send(pool, 'load', [count]),
    filter: (low, high, start) => send(pool, 'filter', [low, high, `${start}%`, 100, 20]),
    insertMany: (rows) =>
      inTransaction((client) =>
        client.query(
          `insert into users (created_at, updated_at, name, email, age)
           select now(), now(), name, email, age from unnest($1::text[], $2::text[], $3::int[]) as t (name, email, age) returning id`,
          [rows.map(({ name }) => name), rows.map(({ email }) => email), rows.map(({ age }) => age)],
        ),
      ),
    removeAbove: (id) => send(pool, 'removeAbove', [id]),
  }
}
