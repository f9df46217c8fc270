import { ActiveAlchemy, between, gt, gte, startsWith } from '@active-alchemy/core'

export async function open(uri) {
  const db = new ActiveAlchemy(uri, { name: 'peers' })
  class User extends db.Model('User', {
    name: db.Column(db.String(50)),
    email: db.Column(db.String(80)),
    age: db.Column(db.Integer, { index: true }),
  }) {}
  await db.createAll()
  return {
    get: (id) => User.get(id),
    create: (values) => User.create(values),
    createInTransaction: (rows) =>
      db.transaction(async () => {
        for (const values of rows) await User.create(values)
      }),
    update: async (id, age) => (await User.get(id)).update({ age }),
    deleteAndRestore: async (id) => (await User.get(id)).delete().restore(),
    page: (offset) =>
      User.filter({ age: gte(20) })
        .orderBy('id')
        .limit(20)
        .offset(offset)
        .all(),
    after: (id) =>
      User.filter({ id: gt(id) })
        .orderBy('id')
        .limit(20)
        .all(),
    load: (count) => User.query().limit(count).all(),
    filter: (low, high, text) =>
      User.filter({ age: between(low, high), name: startsWith(text), id: gt(100) })
        .orderBy('id')
        .limit(20)
        .all(),
    insertMany: (rows) => User.createMany(rows),
    removeAbove: (id) =>
      User.query({ includeDeleted: true })
        .filter({ id: gt(id) })
        .deleteAll({ hardDelete: true }),
  }
}
