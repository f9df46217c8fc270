import createKnex from 'knex'
import { Model, snakeCaseMappers } from 'objection'
import { batches, fromText, toText } from '../peers/clients.mjs'
import { knexOptions, rowsOfInsert } from './knex.mjs'

const moments = ['createdAt', 'updatedAt', 'deletedAt']

export async function open(database, uri) {
  const knex = createKnex(knexOptions[database](uri))
  const isText = database === 'sqlite'

  class Record extends Model {
    static columnNameMappers = snakeCaseMappers()
    $beforeInsert() {
      this.createdAt = new Date()
      this.updatedAt = this.createdAt
    }
    $beforeUpdate() {
      this.updatedAt = new Date()
    }
    $formatDatabaseJson(json) {
      if (isText) for (const name of moments) if (json[name]) json[name] = toText(json[name])
      return super.$formatDatabaseJson(json)
    }
    $parseDatabaseJson(row) {
      const json = super.$parseDatabaseJson(row)
      if (isText) for (const name of moments) if (json[name]) json[name] = fromText(json[name])
      return json
    }
  }
  class Post extends Record {
    static tableName = 'posts'
  }
  class User extends Record {
    static tableName = 'users'
    static relationMappings = {
      posts: {
        relation: Model.HasManyRelation,
        modelClass: Post,
        filter: (query) => query.whereNull('posts.deleted_at'),
        join: { from: 'users.id', to: 'posts.author_id' },
      },
    }
  }
  Model.knex(knex)

  const live = (on) => User.query(on).whereNull('deleted_at')
  const get = (id, on) => live(on).findById(id)
  const mark = (user, values) => user.$query().patch(values)
  const ordered = () => live().where('age', '>=', 20).orderBy('id')
  return {
    get: (id) => get(id),
    create: (values) => User.query().insert({ isDeleted: false, ...values }),
    createInTransaction: (rows) =>
      User.transaction(async (transaction) => {
        for (const values of rows) await User.query(transaction).insert({ isDeleted: false, ...values })
      }),
    async update(id, age) {
      const user = await get(id)
      await user.$query().patch({ age })
      return user
    },
    async softDelete(id) {
      const user = await get(id)
      await mark(user, { isDeleted: true, deletedAt: new Date() })
      return user
    },
    restore: (user) => mark(user, { isDeleted: false, deletedAt: null }),
    page: (number) =>
      ordered()
        .limit(20)
        .offset(number * 20),
    async pageWithCount(number) {
      const { results, total } = await ordered().page(number, 20)
      return { items: results, total }
    },
    after: (id) => live().where('id', '>', id).orderBy('id').limit(20),
    load: (count) => live().limit(count),
    loadWithPosts: (count) => live().orderBy('id').limit(count).withGraphFetched('posts'),
    filter: (low, high, start) =>
      live().whereBetween('age', [low, high]).where('name', 'like', `${start}%`).where('id', '>', 100).orderBy('id').limit(20),
    insertMany: (rows) =>
      User.transaction(async (transaction) => {
        for (const batch of batches(rows, rowsOfInsert[database])) {
          if (database === 'postgres') await User.query(transaction).insert(batch)
          // Objection inserts several at once on PostgreSQL only; elsewhere its users take Knex.
          else await transaction('users').insert(batch.map((row) => plain(row)))
        }
      }),
  }

  function plain(row) {
    const at = isText ? toText(new Date()) : new Date()
    return { created_at: at, updated_at: at, is_deleted: false, ...row }
  }
}
