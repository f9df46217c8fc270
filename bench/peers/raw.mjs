// The database's own client: statements prepared once, rows as objects.
import { batches, mariadb, postgres, sqlite, toText } from './clients.mjs'

const live = 'deleted_at is null'
const fields = 'id, created_at, updated_at, is_deleted, deleted_at, name, email, age'
const columns = 'created_at, updated_at, is_deleted, name, email, age'

const texts = (place) => ({
  get: `select ${fields} from users where id = ${place(1)} and ${live}`,
  insert: `insert into users (${columns}) values (${[1, 2, 3, 4, 5, 6].map(place).join(', ')})`,
  update: `update users set age = ${place(1)}, updated_at = ${place(2)} where id = ${place(3)}`,
  mark: `update users set is_deleted = ${place(1)}, deleted_at = ${place(2)}, updated_at = ${place(3)} where id = ${place(4)}`,
  page: `select ${fields} from users where age >= ${place(1)} and ${live} order by id limit ${place(2)} offset ${place(3)}`,
  count: `select count(*) as total from users where age >= ${place(1)} and ${live}`,
  after: `select ${fields} from users where id > ${place(1)} and ${live} order by id limit ${place(2)}`,
  load: `select ${fields} from users where ${live} limit ${place(1)}`,
  first: `select ${fields} from users where ${live} order by id limit ${place(1)}`,
  filter: `select ${fields} from users where age between ${place(1)} and ${place(2)} and name like ${place(3)} and id > ${place(4)} and ${live} order by id limit ${place(5)}`,
})
const postFields = 'id, created_at, updated_at, is_deleted, deleted_at, title, words, author_id'
const postsOf = (list) => `select ${postFields} from posts where author_id ${list} and ${live}`

const kinds = {
  async sqlite(uri) {
    const db = sqlite(uri)
    const prepared = new Map()
    const prepare = (sql) => {
      if (!prepared.has(sql)) prepared.set(sql, db.prepare(sql))
      return prepared.get(sql)
    }
    const text = texts(() => '?')
    const statements = Object.fromEntries(Object.entries(text).map(([name, sql]) => [name, prepare(sql)]))
    const now = () => toText(new Date())
    const insert = (values) => {
      const at = now()
      return { ...values, id: Number(statements.insert.run(at, at, 0, values.name, values.email, values.age).lastInsertRowid) }
    }
    const update = (id, age) => {
      const user = statements.get.get(id)
      statements.update.run(age, now(), id)
      return { ...user, age }
    }
    const insertAll = db.transaction((rows) => rows.map(insert))
    const serve = db.transaction((id, values) => {
      const { age } = statements.get.get(id)
      statements.update.run(age + 1, now(), id)
      return { age: age + 1, id: insert(values).id }
    })
    return {
      get: async (id) => statements.get.get(id),
      create: async (values) => insert(values),
      createInTransaction: async (rows) => insertAll(rows),
      update: async (id, age) => update(id, age),
      async softDelete(id) {
        const user = statements.get.get(id)
        statements.mark.run(1, now(), now(), id)
        return user
      },
      restore: async ({ id }) => statements.mark.run(0, null, now(), id),
      page: async (page) => statements.page.all(20, 20, page * 20),
      pageWithCount: async (page) => ({ items: statements.page.all(20, 20, page * 20), total: statements.count.get(20).total }),
      after: async (id) => statements.after.all(id, 20),
      load: async (count) => statements.load.all(count),
      async loadWithPosts(count) {
        const users = statements.first.all(count)
        return withPosts(users, prepare(postsOf(`in (${users.map(() => '?').join(', ')})`)).all(users.map(({ id }) => id)))
      },
      filter: async (low, high, start) => statements.filter.all(low, high, `${start}%`, 100, 20),
      insertMany: async (rows) => insertAll(rows),
      request: async (id, values) => serve(id, values),
    }
  },

  async postgres(uri) {
    const pool = postgres(uri)
    const text = texts((number) => `$${number}`)
    text.insert += ' returning id'
    text.posts = postsOf('= any($1)')
    const send = async (client, name, values) => (await client.query({ name, text: text[name], values })).rows
    const insert = async (client, values) => {
      const at = new Date()
      const [{ id }] = await send(client, 'insert', [at, at, false, values.name, values.email, values.age])
      return { ...values, id }
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
    return peer({
      source: pool,
      send,
      insert,
      inTransaction,
      flags: [false, true],
      insertMany: (rows) =>
        inTransaction((client) =>
          client.query(
            `insert into users (created_at, updated_at, name, email, age)
             select now(), now(), name, email, age from unnest($1::text[], $2::text[], $3::int[]) as t (name, email, age) returning id`,
            [rows.map(({ name }) => name), rows.map(({ email }) => email), rows.map(({ age }) => age)],
          ),
        ),
      posts: (ids) => send(pool, 'posts', [ids]),
    })
  },

  async mariadb(uri) {
    const pool = mariadb(uri).promise()
    const text = texts(() => '?')
    const send = async (client, name, values) => (await client.execute(text[name], values))[0]
    const insert = async (client, values) => {
      const at = new Date()
      return { ...values, id: (await send(client, 'insert', [at, at, 0, values.name, values.email, values.age])).insertId }
    }
    const inTransaction = async (work) => {
      const client = await pool.getConnection()
      try {
        await client.query('begin')
        const result = await work(client)
        await client.query('commit')
        return result
      } finally {
        client.release()
      }
    }
    return peer({
      source: pool,
      send,
      insert,
      inTransaction,
      flags: [0, 1],
      insertMany: (rows) =>
        inTransaction(async (client) => {
          for (const batch of batches(rows)) {
            const at = new Date()
            const values = batch.map(({ name, email, age }) => [at, at, 0, name, email, age])
            await client.query(`insert into users (${columns}) values ?`, [values])
          }
        }),
      posts: async (ids) => (await pool.execute(postsOf(`in (${ids.map(() => '?').join(', ')})`), ids))[0],
    })
  },
}

/** What the two servers have in common. */
function peer({ source, send, insert, inTransaction, insertMany, posts, flags: [no, yes] }) {
  return {
    get: async (id) => (await send(source, 'get', [id]))[0],
    create: (values) => insert(source, values),
    createInTransaction: (rows) =>
      inTransaction(async (client) => {
        for (const values of rows) await insert(client, values)
      }),
    async update(id, age) {
      const [user] = await send(source, 'get', [id])
      await send(source, 'update', [age, new Date(), id])
      return { ...user, age }
    },
    async softDelete(id) {
      const [user] = await send(source, 'get', [id])
      await send(source, 'mark', [yes, new Date(), new Date(), id])
      return user
    },
    restore: ({ id }) => send(source, 'mark', [no, null, new Date(), id]),
    page: (page) => send(source, 'page', [20, 20, page * 20]),
    async pageWithCount(page) {
      const items = await send(source, 'page', [20, 20, page * 20])
      const [{ total }] = await send(source, 'count', [20])
      return { items, total: Number(total) }
    },
    after: (id) => send(source, 'after', [id, 20]),
    load: (count) => send(source, 'load', [count]),
    async loadWithPosts(count) {
      const users = await send(source, 'first', [count])
      return withPosts(users, await posts(users.map(({ id }) => id)))
    },
    filter: (low, high, start) => send(source, 'filter', [low, high, `${start}%`, 100, 20]),
    insertMany,
    request: (id, values) =>
      inTransaction(async (client) => {
        const [{ age }] = await send(client, 'get', [id])
        await send(client, 'update', [age + 1, new Date(), id])
        return { age: age + 1, id: (await insert(client, values)).id }
      }),
  }
}

function withPosts(users, posts) {
  const byAuthor = new Map(users.map((user) => [user.id, Object.assign(user, { posts: [] })]))
  for (const post of posts) byAuthor.get(post.author_id).posts.push(post)
  return users
}

export const open = (database, uri) => kinds[database](uri)
