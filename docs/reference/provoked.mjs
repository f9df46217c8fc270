// What makes each error, for its page: `test/reference.test.ts` runs all of it.

/** The database in which they are made. */
export const setting = `import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy } from '@active-alchemy/core'

const db = new ActiveAlchemy('sqlite:///:memory:')
class User extends db.Model('User', { email: db.Column(db.String(80), { unique: true }) }) {
  static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
}
class Post extends db.Model('Post', { title: db.Column(db.String(80)), views: db.Column(db.Integer, { default: 0 }) }) {
  static relations = this.relate({ author: db.ManyToOne(() => User, 'posts') })
  static optimisticLock = 'changed'
}
class Stock extends db.BaseModel('Stock', {
  id: db.Column(db.Integer, { primary: true, generated: true }),
  pieces: db.Column(db.Integer),
}) {}
db.Check('pieces >= 0')(Stock)

await db.createAll()
const ada = await User.create({ email: 'ada@example.org' })
const post = await Post.create({ title: 'Engines', author: ada })
const notes = await Post.create({ title: 'Notes', author: ada })
`

/** By code; those that need a server, a fault or a moment are in tests of their own. */
export const provoked = {
  ALREADY_CONFIGURED: `db.configure('sqlite:///other.db')`,
  CHECK: 'await db.sql`insert into ${Stock} (pieces) values (-1)`',
  CONFLICT: `await post.decrement('views', 1, { min: 0 })`,
  CONNECTION_FAILED: `await new ActiveAlchemy('postgresql://127.0.0.1:1/shop').dataSource.query('select 1')`,
  DATABASE_CLOSED: `const closed = new ActiveAlchemy('sqlite://')
await closed.close()
await closed.run(() => closed.sql\`select 1\`)`,
  FOREIGN_KEY: `await ada.delete({ hardDelete: true })`,
  FOREIGN_RECORD: `await db.run(async () => {
  const mine = await Post.getOrError(1)
  await db.run(() => mine.update({ title: 'of another' }))
})`,
  FOREIGN_SESSION: `let session
await db.run(async () => {
  session = db.session
})
await db.run(() => session.get(User, 1))`,
  INVALID_CURSOR: `await Post.query().paginateByCursor({ after: 'made-by-hand' })`,
  INVALID_FILTER: `await User.first({ email: null }) // of a JSON body`,
  INVALID_IDENTIFIER: `await User.get({ id: 1 })`,
  INVALID_OPTION: `await User.get(1, { forUpdtae: true })`,
  INVALID_PAGE: `await Post.paginate({ page: 1, offset: 20 })`,
  INVALID_URI: `new ActiveAlchemy(process.env.NO_SUCH_VARIABLE)`,
  INVALID_VALUE: `await User.create({ email: 42 })`,
  MODEL_DEFINITION: `db.Model('Broken', { save: db.Column(db.Text) })`,
  MULTIPLE_RECORDS: `await Post.query().one()`,
  NESTED_SCOPE: `await db.run(async () => {
  await post.increment('views')
  await db.run(() => User.create({ email: 'inner@example.org' }))
})`,
  NOT_NULL: 'await db.sql`insert into ${Stock} (pieces) values (null)`',
  NO_SCOPE: `await db.commit()`,
  PRECONDITION_FAILED: `await User.getOrError(1, { ifMatch: '"user-1-7"' })`,
  PROTECTED_COLUMN: `await User.create({ email: 'eve@example.org', id: 7 })`,
  RECORD_NOT_FOUND: `await User.getOrError(4711)`,
  SCOPE_CLOSED: `let late
await db.run(async () => {
  late = sleep(50).then(() => Post.count()) // nobody awaits it
})
await late`,
  SESSION_FAILED: `await db.run(async () => {
  await User.create({ email: 'ada@example.org' }).catch(() => undefined) // taken
  await User.create({ email: 'bob@example.org' })
})`,
  STALE_RECORD: `await db.run(async () => (await Post.getOrError(2)).update({ title: 'by another' }))
await notes.update({ title: 'by us' })`,
  TRANSACTION_CONTROL: 'await db.run(() => db.sql`commit`)',
  TRANSACTION_ENDED: `await db.run(async () => {
  let late
  await db.transaction(async () => {
    late = sleep(50).then(() => Post.count()) // nobody awaits it
  })
  await late
})`,
  TRANSACTION_OPEN: `await db.run(() => db.transaction(() => db.commit()))`,
  TRANSACTION_TIMEOUT: `await db.run(
  async () => {
    await post.increment('views')
    await sleep(100)
  },
  { transactionTimeoutMs: 50 },
)`,
  UNIQUE: `await User.create({ email: 'ada@example.org' })`,
  UNKNOWN_COLUMN: `await User.create({ email: 'eve@example.org', isAdmin: true })`,
  UNSUPPORTED: `await db.run(async () => db.session.setLocal('app.tenant', 'red'))`,
}
