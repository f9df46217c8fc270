import { ActiveAlchemy, type ActiveAlchemyOptions } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import { type Lack, open, type TestDatabase, work } from '../databases/database.ts'

/** The models of the model suites. */
export function models(db: ActiveAlchemy) {
  class User extends db.Model('User', {
    name: db.Column(db.String(25)),
    location: db.Column(db.String(50), { default: 'USA' }),
    email: db.Column(db.EmailType(), { nullable: true, unique: true }),
    lastAccess: db.Column(db.DateTime, { nullable: true }),
    settings: db.Column(db.JSONType, { nullable: true }),
    points: db.Column(db.Integer, { default: 0 }),
  }) {
    static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
    declare posts: Post[]
  }

  class Post extends db.Model('Post', {
    title: db.Column(db.String(80)),
    words: db.Column(db.Integer, { default: 0 }),
  }) {
    static relations = this.relate({
      author: db.ManyToOne(() => User, 'posts', { nullable: true }),
      tags: db.ManyToMany(() => Tag, 'posts', { joinTable: true }),
    })
    declare author: User | null
    declare tags: Tag[]
  }

  class Tag extends db.Model('Tag', { label: db.Column(db.String(20)) }) {
    static relations = this.relate({ posts: db.ManyToMany(() => Post, 'tags') })
    declare posts: Post[]
  }

  class Country extends db.BaseModel('Country', {
    code: db.Column(db.String(2), { primary: true }),
    name: db.Column(db.String(80)),
  }) {}

  return { User, Post, Tag, Country }
}

/** A database with the models, and what was sent to it. */
export interface Store extends ReturnType<typeof models> {
  readonly db: ActiveAlchemy
  readonly uri: string
  /** Every statement, in the order in which it was sent. */
  readonly statements: string[]
  /** Runs `call`, and gives the statements that it sent; what opens and closes a transaction is left out. */
  readonly sent: (call: () => PromiseLike<unknown>) => Promise<string[]>
  /** Reads past every layer: rows as the database holds them. */
  readonly raw: <Row = Record<string, unknown>>(sql: string) => Promise<Row[]>
  /** Another database object on the same database, as another process would have. */
  readonly another: (options?: ActiveAlchemyOptions) => ActiveAlchemy
}

/** What `read` gives, however long a busy machine takes for it: of a database whose transactions may not take long. */
export function patiently<T>(db: ActiveAlchemy, read: () => Promise<T>): Promise<T> {
  return db.run(read, { transactionTimeoutMs: 60_000 })
}

/** Runs `row` in a new database with the tables made; after it every connection must be back. */
export async function inStore(
  database: TestDatabase,
  row: (store: Store) => Promise<void>,
  options: ActiveAlchemyOptions = {},
): Promise<void> {
  const fresh = await database.create()
  const { db, leases, statements } = open(ActiveAlchemy, fresh, { poolTimeoutMs: 10_000, ...options })
  const others: ActiveAlchemy[] = []
  try {
    const store: Store = {
      db,
      uri: fresh.uri,
      ...models(db),
      statements,
      async sent(call) {
        const before = statements.length
        await call()
        return work(statements.slice(before))
      },
      raw: (sql) => db.detach(() => db.dataSource.query(sql)),
      another(otherOptions) {
        const other = new ActiveAlchemy(fresh.uri, otherOptions)
        others.push(other)
        return other
      },
    }
    await db.createAll()
    statements.length = 0
    await row(store)
    expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
    expect(leases.released).toBe(leases.leased)
  } finally {
    await db.close()
    for (const other of others) await other.close()
    await fresh.drop()
  }
}

/** Gives the function that declares a row of the model suites on `database`. */
export function rowIn(database: TestDatabase) {
  return (title: string, run: (store: Store) => Promise<void>, options?: ActiveAlchemyOptions, needs?: Lack): void => {
    const lack = needs && database.lacks[needs]
    it.skipIf(lack)(lack ? `${title} (${lack})` : title, () => inStore(database, run, options))
  }
}

/** Names of the users, in the order of their ids. */
export async function names({ User }: Store): Promise<string[]> {
  return (await User.query('name').orderBy('id').all()).map(({ name }) => name)
}
