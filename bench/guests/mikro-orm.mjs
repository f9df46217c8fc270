import { EntitySchema } from '@mikro-orm/core'
import { batches, fileOf, mariadbOptions, poolSize, pragmas } from '../peers/clients.mjs'

class User {}
class Post {}

const kinds = {
  async sqlite(uri) {
    const { MikroORM } = await import('@mikro-orm/better-sqlite')
    const pool = {
      afterCreate(connection, done) {
        for (const pragma of pragmas) connection.pragma(pragma)
        done(null, connection)
      },
    }
    return [MikroORM, { dbName: fileOf(uri), pool }]
  },
  async postgres(uri) {
    const { MikroORM } = await import('@mikro-orm/postgresql')
    return [MikroORM, { clientUrl: uri, pool: { min: 0, max: poolSize } }]
  },
  async mariadb(uri) {
    const { MikroORM } = await import('@mikro-orm/mysql')
    const { database, ...options } = mariadbOptions(uri)
    return [MikroORM, { dbName: database, ...options, pool: { min: 0, max: poolSize } }]
  },
}

export async function open(database, uri) {
  const moment = { type: 'datetime', length: database === 'sqlite' ? undefined : 3 }
  const common = {
    id: { type: 'integer', primary: true, autoincrement: true },
    createdAt: { ...moment, onCreate: () => new Date() },
    updatedAt: { ...moment, onCreate: () => new Date(), onUpdate: () => new Date() },
    isDeleted: { type: 'boolean', onCreate: () => false },
    deletedAt: { ...moment, nullable: true },
  }
  const filters = { live: { name: 'live', cond: { deletedAt: null }, default: true } }
  const user = new EntitySchema({
    class: User,
    tableName: 'users',
    filters,
    properties: {
      ...common,
      name: { type: 'string' },
      email: { type: 'string' },
      age: { type: 'integer' },
      posts: { kind: '1:m', entity: 'Post', mappedBy: 'author' },
    },
  })
  const post = new EntitySchema({
    class: Post,
    tableName: 'posts',
    filters,
    properties: {
      ...common,
      title: { type: 'string' },
      words: { type: 'integer' },
      author: { kind: 'm:1', entity: 'User', inversedBy: 'posts', fieldName: 'author_id', nullable: true },
    },
  })
  const [MikroORM, options] = await kinds[database](uri)
  const orm = await MikroORM.init({ ...options, entities: [user, post], discovery: { warnWhenNoEntities: false } })

  const create = async (em, values) => {
    const created = em.create(User, values)
    await em.flush()
    return created
  }
  // A fork for each operation, as for each request.
  const load = async (id) => {
    const em = orm.em.fork()
    return [await em.findOne(User, id), em]
  }
  const page = (number) => [{ age: { $gte: 20 } }, { orderBy: { id: 'asc' }, limit: 20, offset: number * 20 }]
  return {
    get: async (id) => (await load(id))[0],
    create: (values) => create(orm.em.fork(), values),
    createInTransaction: (rows) =>
      orm.em.fork().transactional(async (em) => {
        for (const values of rows) await create(em, values)
      }),
    async update(id, age) {
      const [user, em] = await load(id)
      user.age = age
      await em.flush()
      return user
    },
    async softDelete(id) {
      const [user, em] = await load(id)
      Object.assign(user, { isDeleted: true, deletedAt: new Date() })
      await em.flush()
      return { user, em }
    },
    async restore({ user, em }) {
      Object.assign(user, { isDeleted: false, deletedAt: null })
      await em.flush()
    },
    page: (number) => orm.em.fork().find(User, ...page(number)),
    async pageWithCount(number) {
      const [items, total] = await orm.em.fork().findAndCount(User, ...page(number))
      return { items, total }
    },
    after: (id) => orm.em.fork().find(User, { id: { $gt: id } }, { orderBy: { id: 'asc' }, limit: 20 }),
    load: (count) => orm.em.fork().find(User, {}, { limit: count }),
    async loadWithPosts(count) {
      const users = await orm.em.fork().find(User, {}, { limit: count, orderBy: { id: 'asc' }, populate: ['posts'] })
      return users.map(({ id, posts }) => ({ id, posts: posts.getItems() }))
    },
    filter: (low, high, start) =>
      orm.em
        .fork()
        .find(
          User,
          { age: { $gte: low, $lte: high }, name: { $like: `${start}%` }, id: { $gt: 100 } },
          { orderBy: { id: 'asc' }, limit: 20 },
        ),
    insertMany: (rows) =>
      orm.em.fork().transactional(async (em) => {
        for (const batch of batches(rows)) {
          const at = new Date()
          await em.insertMany(
            User,
            batch.map((row) => ({ createdAt: at, updatedAt: at, isDeleted: false, ...row })),
          )
        }
      }),
  }
}
