import { Between, DataSource, EntitySchema, IsNull, Like, MoreThan, MoreThanOrEqual } from 'typeorm'
import { postgres, sqlite } from './schema.mjs'

class User {}

export async function open(uri) {
  const file = sqlite(uri)
  file?.close()
  if (!file) await (await postgres(uri)).end()
  const moment = file ? { type: 'datetime' } : { type: 'timestamptz', precision: 3 }
  const schema = new EntitySchema({
    name: 'User',
    target: User,
    tableName: 'users',
    columns: {
      id: { type: 'integer', primary: true, generated: true },
      createdAt: { ...moment, name: 'created_at', createDate: true },
      updatedAt: { ...moment, name: 'updated_at', updateDate: true },
      isDeleted: { type: 'boolean', name: 'is_deleted', default: false },
      deletedAt: { ...moment, name: 'deleted_at', deleteDate: true, nullable: true },
      name: { type: 'varchar', length: 50 },
      email: { type: 'varchar', length: 80 },
      age: { type: 'integer' },
    },
  })
  const source = new DataSource({
    ...(file
      ? {
          type: 'better-sqlite3',
          database: uri.replace('sqlite:///', '').replace(/\?.*/, ''),
          prepareDatabase: (db) => (db.pragma('journal_mode = WAL'), db.pragma('synchronous = NORMAL')),
        }
      : { type: 'postgres', url: uri, extra: { max: 10 } }),
    entities: [schema],
  })
  await source.initialize()
  const users = source.getRepository(User)
  return {
    get: (id) => users.findOneBy({ id }),
    create: (values) => users.save(users.create(values)),
    createInTransaction: (rows) =>
      source.transaction(async (manager) => {
        for (const values of rows) await manager.save(manager.create(User, values))
      }),
    async update(id, age) {
      const user = await users.findOneBy({ id })
      return users.save(Object.assign(user, { age }))
    },
    async deleteAndRestore(id) {
      const user = await users.findOneBy({ id })
      await users.recover(await users.softRemove(user))
    },
    page: (offset) => users.find({ where: { age: MoreThanOrEqual(20) }, order: { id: 'ASC' }, take: 20, skip: offset }),
    after: (id) => users.find({ where: { id: MoreThan(id) }, order: { id: 'ASC' }, take: 20 }),
    load: (count) => users.find({ where: { deletedAt: IsNull() }, take: count }),
    filter: (low, high, start) =>
      users.find({ where: { age: Between(low, high), name: Like(`${start}%`), id: MoreThan(100) }, order: { id: 'ASC' }, take: 20 }),
    insertMany: (rows) => users.save(users.create(rows), { chunk: 1_000 }),
    removeAbove: (id) => users.delete({ id: MoreThan(id) }),
  }
}
