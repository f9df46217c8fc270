import { ActiveAlchemy, between, gt, gte, startsWith } from '@active-alchemy/core'

export async function open(_database, uri) {
  const db = new ActiveAlchemy(uri, { name: 'peers' })
  class User extends db.Model(
    'User',
    { name: db.Column(db.String(50)), email: db.Column(db.String(80)), age: db.Column(db.Integer, { index: true }) },
    { tableName: 'users' },
  ) {
    static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
  }
  class Post extends db.Model('Post', { title: db.Column(db.String(80)), words: db.Column(db.Integer) }, { tableName: 'posts' }) {
    static relations = this.relate({ author: db.ManyToOne(() => User, 'posts') })
  }
  return {
    get: (id) => User.get(id),
    create: (values) => User.create(values),
    createInTransaction: (rows) =>
      db.transaction(async () => {
        for (const values of rows) await User.create(values)
      }),
    update: async (id, age) => (await User.get(id)).update({ age }),
    softDelete: async (id) => (await User.get(id)).delete(),
    restore: (user) => user.restore(),
    page: (page) =>
      User.filter({ age: gte(20) })
        .orderBy('id')
        .limit(20)
        .offset(page * 20)
        .all(),
    pageWithCount: (page) =>
      User.filter({ age: gte(20) })
        .orderBy('id')
        .paginate({ page: page + 1, perPage: 20 }),
    after: (id) =>
      User.filter({ id: gt(id) })
        .orderBy('id')
        .limit(20)
        .all(),
    load: (count) => User.query().limit(count).all(),
    loadWithPosts: (count) => User.query().orderBy('id').limit(count).with('posts').all(),
    filter: (low, high, text) =>
      User.filter({ age: between(low, high), name: startsWith(text), id: gt(100) })
        .orderBy('id')
        .limit(20)
        .all(),
    insertMany: (rows) => User.createMany(rows),
    // The request is the transaction.
    async request(id, values) {
      const user = await User.get(id)
      await user.update({ age: user.age + 1 })
      return { age: user.age, id: (await User.create(values)).id }
    },
    bind: {
      express: async (app) => app.use((await import('@active-alchemy/express')).middleware(db)),
      fastify: async (app) => app.register((await import('@active-alchemy/fastify')).plugin(db)),
    },
  }
}
