import { Between, DataSource, EntitySchema, Like, MoreThan, MoreThanOrEqual } from 'typeorm'
import { batches, fileOf, mariadbOptions, poolSize, pragmas } from './clients.mjs'
import { turns } from './turns.mjs'

class User {}
class Post {}

const kinds = {
  sqlite: (uri) => ({
    type: 'better-sqlite3',
    database: fileOf(uri),
    prepareDatabase: (db) => pragmas.forEach((pragma) => db.pragma(pragma)),
  }),
  postgres: (uri) => ({ type: 'postgres', url: uri, extra: { max: poolSize } }),
  mariadb(uri) {
    const { user, ...options } = mariadbOptions(uri)
    return { type: 'mariadb', username: user, ...options, poolSize }
  },
}

const moments = {
  sqlite: { type: 'datetime' },
  postgres: { type: 'timestamptz', precision: 3 },
  mariadb: { type: 'datetime', precision: 3 },
}

function common(database) {
  const moment = moments[database]
  return {
    id: { type: 'integer', primary: true, generated: true },
    createdAt: { ...moment, name: 'created_at', createDate: true },
    updatedAt: { ...moment, name: 'updated_at', updateDate: true },
    isDeleted: { type: 'boolean', name: 'is_deleted', default: false },
    deletedAt: { ...moment, name: 'deleted_at', deleteDate: true, nullable: true },
  }
}

export async function open(database, uri) {
  const user = new EntitySchema({
    name: 'User',
    target: User,
    tableName: 'users',
    columns: {
      ...common(database),
      name: { type: 'varchar', length: 50 },
      email: { type: 'varchar', length: 80 },
      age: { type: 'integer' },
    },
    relations: { posts: { type: 'one-to-many', target: 'Post', inverseSide: 'author' } },
  })
  const post = new EntitySchema({
    name: 'Post',
    target: Post,
    tableName: 'posts',
    columns: { ...common(database), title: { type: 'varchar', length: 80 }, words: { type: 'integer' } },
    relations: { author: { type: 'many-to-one', target: 'User', inverseSide: 'posts', joinColumn: { name: 'author_id' } } },
  })
  const source = new DataSource({ ...kinds[database](uri), entities: [user, post] })
  await source.initialize()
  const users = source.getRepository(User)
  // On SQLite all transactions share one connection, and those of two requests would mix.
  const inTurn = database === 'sqlite' ? turns() : (work) => work()
  const page = (number) => ({ where: { age: MoreThanOrEqual(20) }, order: { id: 'ASC' }, take: 20, skip: number * 20 })
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
    softDelete: async (id) => users.softRemove(await users.findOneBy({ id })),
    restore: (user) => users.recover(user),
    page: (number) => users.find(page(number)),
    async pageWithCount(number) {
      const [items, total] = await users.findAndCount(page(number))
      return { items, total }
    },
    after: (id) => users.find({ where: { id: MoreThan(id) }, order: { id: 'ASC' }, take: 20 }),
    load: (count) => users.find({ take: count }),
    loadWithPosts: (count) => users.find({ take: count, order: { id: 'ASC' }, relations: { posts: true } }),
    filter: (low, high, start) =>
      users.find({ where: { age: Between(low, high), name: Like(`${start}%`), id: MoreThan(100) }, order: { id: 'ASC' }, take: 20 }),
    insertMany: (rows) =>
      source.transaction(async (manager) => {
        for (const batch of batches(rows)) {
          // It reads defaults back by a condition for each row, which is too deep for SQLite.
          await manager.createQueryBuilder().insert().into(User).values(batch).updateEntity(false).execute()
        }
      }),
    request: (id, values) =>
      inTurn(() =>
        source.transaction(async (manager) => {
          const user = await manager.findOneBy(User, { id })
          user.age += 1
          await manager.save(user)
          return { age: user.age, id: (await manager.save(manager.create(User, values))).id }
        }),
      ),
  }
}
