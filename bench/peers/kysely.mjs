import { Kysely, PostgresDialect, SqliteDialect } from 'kysely'
import { postgres, sqlite } from './schema.mjs'

export async function open(uri) {
  const file = sqlite(uri)
  const db = new Kysely({ dialect: file ? new SqliteDialect({ database: file }) : new PostgresDialect({ pool: await postgres(uri) }) })
  const now = () => (file ? `${new Date().toISOString().replace('T', ' ').slice(0, -1)}000` : new Date())
  const flag = (value) => (file ? Number(value) : value)
  // Kysely gives rows as they are; models of the others read moments as such.
  const moment = (value) => (typeof value === 'string' ? new Date(`${value.slice(0, 23).replace(' ', 'T')}Z`) : value)
  const read = (row) =>
    row && { ...row, created_at: moment(row.created_at), updated_at: moment(row.updated_at), deleted_at: moment(row.deleted_at) }
  const live = () => db.selectFrom('users').selectAll().where('deleted_at', 'is', null)
  const get = async (id) => read(await live().where('id', '=', id).executeTakeFirst())
  const record = (values, at = now()) => ({ created_at: at, updated_at: at, is_deleted: flag(false), ...values })
  const create = async (target, values) => ({
    ...values,
    ...(await target.insertInto('users').values(record(values)).returning('id').executeTakeFirstOrThrow()),
  })
  const set = (id, values) =>
    db
      .updateTable('users')
      .set({ ...values, updated_at: now() })
      .where('id', '=', id)
      .execute()
  const list = async (query) => (await query.execute()).map(read)
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
    async deleteAndRestore(id) {
      await get(id)
      await set(id, { is_deleted: flag(true), deleted_at: now() })
      await set(id, { is_deleted: flag(false), deleted_at: null })
    },
    page: (offset) => list(live().where('age', '>=', 20).orderBy('id').limit(20).offset(offset)),
    after: (id) => list(live().where('id', '>', id).orderBy('id').limit(20)),
    load: (count) => list(live().limit(count)),
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
        for (let start = 0; start < rows.length; start += 1_000) {
          const values = rows.slice(start, start + 1_000).map((row) => record(row))
          await transaction.insertInto('users').values(values).returning('id').execute()
        }
      }),
    removeAbove: (id) => db.deleteFrom('users').where('id', '>', id).execute(),
  }
}
