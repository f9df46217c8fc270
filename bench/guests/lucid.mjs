import { Database } from '@adonisjs/lucid/database'
import { BaseModel, column, hasMany } from '@adonisjs/lucid/orm'
import { DateTime } from 'luxon'
import { batches, fromText, toText } from '../peers/clients.mjs'
import { knexOptions, rowsOfInsert } from './knex.mjs'

/** Lucid alone: an application of Adonis would give it these. */
const logger = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, fatal: console.error, child: () => logger }
const emitter = { hasListeners: () => false, emit() {} }

export async function open(database, uri) {
  const db = new Database({ connection: 'main', connections: { main: knexOptions[database](uri) } }, logger, emitter)
  BaseModel.$adapter = db.modelAdapter()
  // Lucid writes whole seconds to SQLite; here it keeps what the others keep.
  const text = {
    prepare: (value) => (value ? toText(value.toJSDate()) : value),
    consume: (value) => (value ? DateTime.fromJSDate(fromText(value)) : value),
  }
  const moment = (settings) => column.dateTime({ ...settings, ...(database === 'sqlite' && text) })

  class Post extends BaseModel {
    static table = 'posts'
  }
  class User extends BaseModel {
    static table = 'users'
  }
  for (const [Model, names] of [
    [User, ['isDeleted', 'name', 'email', 'age']],
    [Post, ['isDeleted', 'title', 'words', 'authorId']],
  ]) {
    column({ isPrimary: true })(Model.prototype, 'id')
    moment({ autoCreate: true })(Model.prototype, 'createdAt')
    moment({ autoCreate: true, autoUpdate: true })(Model.prototype, 'updatedAt')
    moment({})(Model.prototype, 'deletedAt')
    for (const name of names) column()(Model.prototype, name)
  }
  hasMany(() => Post, { foreignKey: 'authorId', onQuery: (query) => void query.whereNull('deletedAt') })(User.prototype, 'posts')

  const live = () => User.query().whereNull('deletedAt')
  const get = (id) => live().where('id', id).first()
  const ordered = () => live().where('age', '>=', 20).orderBy('id')
  return {
    get,
    create: (values) => User.create({ isDeleted: false, ...values }),
    createInTransaction: (rows) =>
      db.transaction(async (client) => {
        for (const values of rows) await User.create({ isDeleted: false, ...values }, { client })
      }),
    update: async (id, age) => (await get(id)).merge({ age }).save(),
    softDelete: async (id) => (await get(id)).merge({ isDeleted: true, deletedAt: DateTime.now() }).save(),
    restore: (user) => user.merge({ isDeleted: false, deletedAt: null }).save(),
    page: async (number) =>
      ordered()
        .limit(20)
        .offset(number * 20),
    async pageWithCount(number) {
      const page = await ordered().paginate(number + 1, 20)
      return { items: page.all(), total: page.total }
    },
    after: async (id) => live().where('id', '>', id).orderBy('id').limit(20),
    load: async (count) => live().limit(count),
    loadWithPosts: async (count) => live().orderBy('id').limit(count).preload('posts'),
    filter: async (low, high, start) =>
      live().whereBetween('age', [low, high]).where('name', 'like', `${start}%`).where('id', '>', 100).orderBy('id').limit(20),
    insertMany: (rows) =>
      db.transaction(async (client) => {
        for (const batch of batches(rows, rowsOfInsert[database])) {
          const at = database === 'sqlite' ? toText(new Date()) : new Date()
          const values = batch.map((row) => ({ created_at: at, updated_at: at, is_deleted: false, ...row }))
          await client.insertQuery().table('users').multiInsert(values)
        }
      }),
  }
}
