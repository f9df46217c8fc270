import { Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely'
import { batches, fromText, mariadb, postgres, sqlite, toText } from './clients.mjs'

const dialects = {
  sqlite: (uri) => new SqliteDialect({ database: sqlite(uri) }),
  postgres: (uri) => new PostgresDialect({ pool: postgres(uri) }),
  mariadb: (uri) => new MysqlDialect({ pool: mariadb(uri) }),
}

export async function open(database, uri) {
  const db = new Kysely({ dialect: dialects[database](uri) })
  const now = database === 'sqlite' ? () => toText(new Date()) : () => new Date()
  const flag = database === 'postgres' ? (value) => value : Number
  // Kysely gives rows as they are; models of the others read moments as such.
  const read =
    database === 'sqlite'
      ? (row) =>
          row && {
            ...row,
            created_at: fromText(row.created_at),
            updated_at: fromText(row.updated_at),
            deleted_at: fromText(row.deleted_at),
          }
      : (row) => row
  const live = (on = db) => on.selectFrom('users').selectAll().where('deleted_at', 'is', null)
  const get = async (id, on) => read(await live(on).where('id', '=', id).executeTakeFirst())
  const record = (values, at = now()) => ({ created_at: at, updated_at: at, is_deleted: flag(false), ...values })
  const create = async (on, values) => {
    const insert = on.insertInto('users').values(record(values))
    if (database === 'mariadb') return { ...values, id: Number((await insert.executeTakeFirstOrThrow()).insertId) }
    return { ...values, ...(await insert.returning('id').executeTakeFirstOrThrow()) }
  }
  const set = (id, values, on = db) =>
    on
      .updateTable('users')
      .set({ ...values, updated_at: now() })
      .where('id', '=', id)
      .execute()
  const list = async (query) => (await query.execute()).map(read)
  const page = (number) =>
    list(
      live()
        .where('age', '>=', 20)
        .orderBy('id')
        .limit(20)
        .offset(number * 20),
    )
  return {
    get,
    create: (values) => create(db, values),
    createInTransaction: (rows) =>
      db.transaction().execute(async (transaction) => {
        for (const values of rows) await create(transaction, values)
      }),
    async update(id, age) {
      const user = await get(id)
      await set(id, { age })
      return { ...user, age }
    },
    async softDelete(id) {
      const user = await get(id)
      await set(id, { is_deleted: flag(true), deleted_at: now() })
      return user
    },
    restore: ({ id }) => set(id, { is_deleted: flag(false), deleted_at: null }),
    page,
    async pageWithCount(number) {
      const counted = db
        .selectFrom('users')
        .select((by) => by.fn.countAll().as('total'))
        .where('deleted_at', 'is', null)
        .where('age', '>=', 20)
      return { items: await page(number), total: Number((await counted.executeTakeFirstOrThrow()).total) }
    },
    after: (id) => list(live().where('id', '>', id).orderBy('id').limit(20)),
    load: (count) => list(live().limit(count)),
    async loadWithPosts(count) {
      const users = await list(live().orderBy('id').limit(count))
      const ids = users.map(({ id }) => id)
      const posts = await list(db.selectFrom('posts').selectAll().where('deleted_at', 'is', null).where('author_id', 'in', ids))
      const byAuthor = grouped(posts)
      return users.map((user) => ({ ...user, posts: byAuthor.get(user.id) ?? [] }))
    },
    filter: (low, high, start) =>
      list(
        live()
          .where((by) => by.between('age', low, high))
          .where('name', 'like', `${start}%`)
          .where('id', '>', 100)
          .orderBy('id')
          .limit(20),
      ),
    insertMany: (rows) =>
      db.transaction().execute(async (transaction) => {
        for (const batch of batches(rows)) {
          const insert = transaction.insertInto('users').values(batch.map((row) => record(row)))
          await (database === 'mariadb' ? insert : insert.returning('id')).execute()
        }
      }),
    request: (id, values) =>
      db.transaction().execute(async (transaction) => {
        const { age } = await get(id, transaction)
        await set(id, { age: age + 1 }, transaction)
        return { age: age + 1, id: (await create(transaction, values)).id }
      }),
  }
}

function grouped(posts) {
  const byAuthor = new Map()
  for (const post of posts) {
    const found = byAuthor.get(post.author_id)
    if (found) found.push(post)
    else byAuthor.set(post.author_id, [post])
  }
  return byAuthor
}
