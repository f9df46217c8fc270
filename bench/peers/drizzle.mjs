import { and, between, eq, gt, gte, isNull, like } from 'drizzle-orm'
import { postgres, sqlite } from './schema.mjs'

export async function open(uri) {
  const file = sqlite(uri)
  return file ? overSqlite(file) : overPostgres(await postgres(uri))
}

async function overSqlite(file) {
  const { drizzle } = await import('drizzle-orm/better-sqlite3')
  const {
    customType,
    integer,
    sqliteTable,
    varchar = (await import('drizzle-orm/sqlite-core')).text,
  } = await import('drizzle-orm/sqlite-core')
  const moment = customType({
    dataType: () => 'datetime',
    toDriver: (date) => `${date.toISOString().replace('T', ' ').slice(0, -1)}000`,
    fromDriver: (text) => new Date(`${text.slice(0, 23).replace(' ', 'T')}Z`),
  })
  const users = sqliteTable('users', {
    id: integer('id').primaryKey(),
    createdAt: moment('created_at'),
    updatedAt: moment('updated_at'),
    isDeleted: integer('is_deleted', { mode: 'boolean' }),
    deletedAt: moment('deleted_at'),
    name: varchar('name'),
    email: varchar('email'),
    age: integer('age'),
  })
  const db = drizzle(file)
  // A transaction of better-sqlite3 is synchronous.
  return peer(db, users, (work) => db.transaction((transaction) => work(transaction)), true)
}

async function overPostgres(pool) {
  const { drizzle } = await import('drizzle-orm/node-postgres')
  const { boolean, integer, pgTable, serial, timestamp, varchar } = await import('drizzle-orm/pg-core')
  const moment = (name) => timestamp(name, { withTimezone: true, precision: 3 })
  const users = pgTable('users', {
    id: serial('id').primaryKey(),
    createdAt: moment('created_at'),
    updatedAt: moment('updated_at'),
    isDeleted: boolean('is_deleted'),
    deletedAt: moment('deleted_at'),
    name: varchar('name'),
    email: varchar('email'),
    age: integer('age'),
  })
  const db = drizzle(pool)
  return peer(db, users, (work) => db.transaction(work), false)
}

function peer(db, users, inTransaction, isSynchronous) {
  const live = (...conditions) =>
    db
      .select()
      .from(users)
      .where(and(isNull(users.deletedAt), ...conditions))
  const get = async (id) => (await live(eq(users.id, id)))[0]
  const record = (values, at = new Date()) => ({ createdAt: at, updatedAt: at, isDeleted: false, ...values })
  const insert = (target, rows) => target.insert(users).values(rows).returning({ id: users.id })
  const set = (id, values) =>
    db
      .update(users)
      .set({ ...values, updatedAt: new Date() })
      .where(eq(users.id, id))
  const batches = (rows) => Array.from({ length: Math.ceil(rows.length / 1_000) }, (_, at) => rows.slice(at * 1_000, (at + 1) * 1_000))
  return {
    get,
    create: async (values) => ({ ...values, ...(await insert(db, [record(values)]))[0] }),
    createInTransaction: async (rows) => {
      if (isSynchronous) return inTransaction((target) => rows.forEach((values) => insert(target, [record(values)]).all()))
      return inTransaction(async (target) => {
        for (const values of rows) await insert(target, [record(values)])
      })
    },
    async update(id, age) {
      const user = await get(id)
      await set(id, { age })
      return { ...user, age }
    },
    async deleteAndRestore(id) {
      await get(id)
      await set(id, { isDeleted: true, deletedAt: new Date() })
      await set(id, { isDeleted: false, deletedAt: null })
    },
    page: async (offset) => live(gte(users.age, 20)).orderBy(users.id).limit(20).offset(offset),
    after: async (id) => live(gt(users.id, id)).orderBy(users.id).limit(20),
    load: async (count) => live().limit(count),
    filter: async (low, high, start) =>
      live(between(users.age, low, high), like(users.name, `${start}%`), gt(users.id, 100))
        .orderBy(users.id)
        .limit(20),
    insertMany: async (rows) => {
      const all = batches(rows.map((row) => record(row)))
      if (isSynchronous) return inTransaction((target) => all.forEach((batch) => insert(target, batch).all()))
      return inTransaction(async (target) => {
        for (const batch of all) await insert(target, batch)
      })
    },
    removeAbove: async (id) => db.delete(users).where(gt(users.id, id)),
  }
}
