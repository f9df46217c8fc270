import { and, between, count, eq, gt, gte, isNull, like, relations } from 'drizzle-orm'
import { batches, fromText, mariadb, postgres, sqlite, toText } from './clients.mjs'

const kinds = {
  async sqlite(uri) {
    const { drizzle } = await import('drizzle-orm/better-sqlite3')
    const { customType, integer, sqliteTable, text } = await import('drizzle-orm/sqlite-core')
    const moment = customType({ dataType: () => 'datetime', toDriver: toText, fromDriver: fromText })
    const key = (name) => integer(name).primaryKey()
    const flag = (name) => integer(name, { mode: 'boolean' })
    const schema = schemaOf({ table: sqliteTable, key, moment, flag, integer, text })
    const db = drizzle(sqlite(uri), { schema })
    const insert = (on, rows) => on.insert(schema.users).values(rows).returning({ id: schema.users.id })
    // A transaction of better-sqlite3 is synchronous.
    const insertAll = async (lists) => db.transaction((on) => lists.forEach((rows) => insert(on, rows).all()))
    return peer({ db, schema, insert, insertAll })
  },

  async postgres(uri) {
    const { drizzle } = await import('drizzle-orm/node-postgres')
    const { boolean, integer, pgTable, serial, timestamp, varchar } = await import('drizzle-orm/pg-core')
    const moment = (name) => timestamp(name, { withTimezone: true, precision: 3 })
    const key = (name) => serial(name).primaryKey()
    const schema = schemaOf({ table: pgTable, key, moment, flag: boolean, integer, text: varchar })
    const db = drizzle(postgres(uri), { schema })
    const insert = (on, rows) => on.insert(schema.users).values(rows).returning({ id: schema.users.id })
    return peer({ db, schema, insert, insertAll: inTransaction(db, insert) })
  },

  async mariadb(uri) {
    const { drizzle } = await import('drizzle-orm/mysql2')
    const { boolean, datetime, int, mysqlTable, varchar } = await import('drizzle-orm/mysql-core')
    const key = (name) => int(name).autoincrement().primaryKey()
    const moment = (name) => datetime(name, { fsp: 3 })
    const text = (name) => varchar(name, { length: 80 })
    const schema = schemaOf({ table: mysqlTable, key, moment, flag: boolean, integer: int, text })
    // The other mode writes LATERAL, which MariaDB has not.
    const db = drizzle(mariadb(uri), { schema, mode: 'planetscale' })
    const insert = (on, rows) => on.insert(schema.users).values(rows).$returningId()
    return peer({ db, schema, insert, insertAll: inTransaction(db, insert) })
  },
}

const inTransaction = (db, insert) => (lists) =>
  db.transaction(async (on) => {
    for (const rows of lists) await insert(on, rows)
  })

function schemaOf({ table, key, moment, flag, integer, text }) {
  const common = () => ({
    id: key('id'),
    createdAt: moment('created_at'),
    updatedAt: moment('updated_at'),
    isDeleted: flag('is_deleted'),
    deletedAt: moment('deleted_at'),
  })
  const users = table('users', { ...common(), name: text('name'), email: text('email'), age: integer('age') })
  const posts = table('posts', { ...common(), title: text('title'), words: integer('words'), authorId: integer('author_id') })
  return {
    users,
    posts,
    usersRelations: relations(users, ({ many }) => ({ posts: many(posts) })),
    postsRelations: relations(posts, ({ one }) => ({ author: one(users, { fields: [posts.authorId], references: [users.id] }) })),
  }
}

function peer({ db, schema: { users, posts }, insert, insertAll }) {
  const live = (...conditions) =>
    db
      .select()
      .from(users)
      .where(and(isNull(users.deletedAt), ...conditions))
  const get = async (id) => (await live(eq(users.id, id)))[0]
  const record = (values, at = new Date()) => ({ createdAt: at, updatedAt: at, isDeleted: false, ...values })
  const set = (id, values) =>
    db
      .update(users)
      .set({ ...values, updatedAt: new Date() })
      .where(eq(users.id, id))
  const page = async (number) =>
    live(gte(users.age, 20))
      .orderBy(users.id)
      .limit(20)
      .offset(number * 20)
  return {
    get,
    create: async (values) => ({ ...values, ...(await insert(db, [record(values)]))[0] }),
    createInTransaction: (rows) => insertAll(rows.map((values) => [record(values)])),
    async update(id, age) {
      const user = await get(id)
      await set(id, { age })
      return { ...user, age }
    },
    async softDelete(id) {
      const user = await get(id)
      await set(id, { isDeleted: true, deletedAt: new Date() })
      return user
    },
    restore: async ({ id }) => set(id, { isDeleted: false, deletedAt: null }),
    page,
    async pageWithCount(number) {
      const counted = db
        .select({ total: count() })
        .from(users)
        .where(and(isNull(users.deletedAt), gte(users.age, 20)))
      return { items: await page(number), total: (await counted)[0].total }
    },
    after: async (id) => live(gt(users.id, id)).orderBy(users.id).limit(20),
    load: async (number) => live().limit(number),
    loadWithPosts: async (number) =>
      db.query.users.findMany({
        where: isNull(users.deletedAt),
        orderBy: users.id,
        limit: number,
        with: { posts: { where: isNull(posts.deletedAt) } },
      }),
    filter: async (low, high, start) =>
      live(between(users.age, low, high), like(users.name, `${start}%`), gt(users.id, 100))
        .orderBy(users.id)
        .limit(20),
    insertMany: (rows) => insertAll(batches(rows).map((batch) => batch.map((row) => record(row)))),
  }
}

export const open = (database, uri) => kinds[database](uri)
