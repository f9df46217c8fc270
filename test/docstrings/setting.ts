import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import type { ActiveAlchemy, ColumnType, Password } from '@active-alchemy/core'
import { middleware } from '@active-alchemy/express'
import express from 'express'
import { DataSource } from 'typeorm'

/** To hash it takes its time, once. */
let password: string | Password = 'correct horse'

/**
 * What the examples of docstrings take as given: a database in memory with models and records, a request, and what an application has
 * besides.
 *
 * @param Class Of the database: the adapter's.
 * @param own Models that an example makes itself; those of the setting go by other names then.
 */
export async function setting<Db extends ActiveAlchemy>(Class: new (uri: string) => Db, own: readonly string[] = []) {
  const made = new Class('sqlite://')
  const db: ActiveAlchemy = made
  const named = <Name extends string>(name: Name): Name => (own.includes(name) ? (`${name}OfSetting` as Name) : name)

  class User extends db.Model(named('User'), {
    name: db.Column(db.String(25)),
    location: db.Column(db.String(50), { default: 'USA' }),
    age: db.Column(db.Integer, { nullable: true }),
    email: db.Column(db.String(80), { nullable: true, unique: true }),
    lastAccess: db.Column(db.DateTime, { nullable: true }),
    password: db.Column(db.PasswordType(), { nullable: true }),
  }) {
    static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
    declare posts?: Post[]
    get fullName(): string {
      return `${this.name} of ${this.location}`
    }
  }
  class Post extends db.Model(named('Post'), {
    title: db.Column(db.String(80)),
    slug: db.Column(db.String(80), { nullable: true }),
    words: db.Column(db.Integer, { default: 0 }),
  }) {
    static relations = this.relate({
      author: db.ManyToOne(() => User, 'posts', { nullable: true }),
      comments: db.OneToMany(() => Comment, 'post'),
      tags: db.ManyToMany(() => Tag, 'posts', { joinTable: true }),
    })
    declare author?: User | null
    declare comments?: Comment[]
    declare tags?: Tag[]
  }
  class Comment extends db.Model(named('Comment'), { text: db.Column(db.Text) }) {
    static relations = this.relate({ post: db.ManyToOne(() => Post, 'comments', { nullable: true }) })
    declare post?: Post | null
  }
  class Tag extends db.Model(named('Tag'), {
    label: db.Column(db.String(20), { unique: true }),
    color: db.Column(db.String(20), { nullable: true }),
  }) {
    static relations = this.relate({ posts: db.ManyToMany(() => Post, 'tags') })
    declare posts?: Post[]
  }
  class Author extends db.Model(named('Author'), { posts: db.Aggregated(db.Integer, 'articles', db.func.count()) }) {
    static relations = this.relate({ articles: db.OneToMany(() => Article, 'author') })
    declare articles?: Article[]
  }
  class Article extends db.Model(named('Article'), {
    title: db.Column(db.String(200)),
    body: db.Column(db.Text),
    search: db.Column(db.TSVectorType(['title', 'body'], { config: 'english' })),
  }) {
    static relations = this.relate({
      author: db.ManyToOne(() => Author, 'articles', { nullable: true }),
      translations: db.OneToMany(() => Translation, 'article'),
    })
    declare author?: Author | null
    declare translations?: Translation[]
  }
  class Translation extends db.Model(named('Translation'), { locale: db.Column(db.String(5)), title: db.Column(db.String(200)) }) {
    static relations = this.relate({ article: db.ManyToOne(() => Article, 'translations') })
    declare article?: Article
  }
  class Product extends db.Model(named('Product'), {
    name: db.Column(db.String(25)),
    location: db.Column(db.String(50), { default: 'USA' }),
    price: db.Column(db.Float, { default: 1 }),
    stock: db.Column(db.Integer, { default: 0 }),
  }) {}
  class Order extends db.Model(named('Order'), {
    number: db.Column(db.Integer),
    state: db.Column(db.String(20), { default: 'open' }),
    email: db.Column(db.String(80), { nullable: true }),
  }) {}
  class AuditEntry extends db.Model(named('AuditEntry'), { text: db.Column(db.Text) }) {}
  class Account extends db.Model(named('Account'), { balance: db.Column(db.Integer) }) {}
  class Setting extends db.Model(named('Setting'), { name: db.Column(db.String(40), { unique: true }), value: db.Column(db.Text) }) {}
  class Note extends db.Model(named('Note'), { text: db.Column(db.Text), version: db.Version() }, { optimisticLock: 'version' }) {}
  class Booking extends db.Model(named('Booking'), { days: db.Column(db.DateRangeType) }) {}
  class Course extends db.Model(named('Course'), { ages: db.Column(db.IntRangeType) }) {}
  class Topic extends db.Model(named('Topic'), { path: db.Column(db.LtreeType()) }) {}
  class Job extends db.Model(named('Job'), { cursor: db.Column(db.Text, { nullable: true }) }) {}

  await db.createAll()
  const user = await User.create({
    name: 'Ada',
    age: 36,
    email: 'ada@example.org',
    location: 'Moon',
    lastAccess: db.utcnow(),
    password,
  })
  password = user.password ?? password
  const others = Array.from({ length: 99 }, (_, index) => ({ name: `User ${index + 2}`, age: index }))
  await User.createMany(others)
  const post = await Post.create({ title: 'Notes on the Engine', words: 1_200, author: user })
  const [news, red] = [await Tag.create({ label: 'engines' }), await Tag.create({ label: 'red' })]
  const article = await Article.create({ title: 'The quick fox', body: 'It jumps.' })
  await Translation.create({ article, locale: 'de', title: 'Der schnelle Fuchs' })
  await Topic.createMany(['Top', 'Top.Science', 'Top.Science.Astronomy'].map((path) => ({ path })))
  const request = { text: 'as a form sends it', name: 'Ada', password: 'correct horse', tagIds: [red.id] }
  const note = await Note.create({ text: 'as a client has read it' })

  /** What an application has besides. */
  const application = {
    req: {
      params: { id: `${user.id}` },
      query: { name: 'A', after: undefined },
      body: request,
      user: { id: '7' },
      headers: { 'if-match': note.etag },
      socket: { remoteAddress: '127.0.0.1' },
    },
    res: Object.assign(new PassThrough(), {
      json: (_body: object): void => undefined,
      set: (_name: string, _value: string): void => undefined,
    }),
    csv: new PassThrough({ writableObjectMode: true, transform: ({ name }: User, _encoding, done) => done(null, `${name}\n`) }),
    queue: { add: async (work: () => PromiseLike<unknown>): Promise<unknown> => work() },
    mails: { send: async (_to: string | null): Promise<void> => undefined },
    sendConfirmation: async (_to: User): Promise<void> => undefined,
    importAll: async (rows: readonly { name: string }[]): Promise<unknown> => User.createMany(rows),
    handler: async (): Promise<object> => ({}),
    tenants: new AsyncLocalStorage<{ readonly id: string }>(),
    Unauthorized: class extends Error {},
    dataSource: new DataSource({ type: 'postgres', url: 'postgresql://127.0.0.1/shop' }),
    body: JSON.stringify({ name: 'Bob' }),
    name: 'Ada',
    rows: [{ name: 'Carl' }, { name: 'Dora' }],
    limit: db.utcnow().minus({ days: 90 }),
    Celsius,
  }
  const models = {
    User,
    Post,
    Comment,
    Tag,
    Author,
    Article,
    Translation,
    Product,
    Order,
    AuditEntry,
    Account,
    Setting,
    Note,
    Booking,
    Course,
    Topic,
  }
  return {
    ...application,
    ...models,
    db: made,
    user,
    post,
    news,
    note,
    article,
    product: await Product.create({ name: 'Tea', price: 3, stock: 9 }),
    order: await Order.create({ number: 1 }),
    job: await Job.create({}),
    from: await Account.create({ balance: 20 }),
    to: await Account.create({ balance: 0 }),
    page: await User.paginate({ page: 2, perPage: 20 }),
  }
}

const Celsius: ColumnType<number> = {
  kind: 'number',
  typeName: 'Celsius',
  storage: () => ({ type: 'double precision' }),
  accept(value) {
    if (typeof value !== 'number' || value < -273.15) throw new TypeError('takes degrees from -273.15')
    return value
  },
}

/** @internal An application that answers `POST /users`, until it is disposed of; the programs that are made of examples import it. */
export async function serve(
  db: ActiveAlchemy,
  User: { create(values: never): PromiseLike<object> },
): Promise<AsyncDisposable & { readonly url: string }> {
  const app = express().use(express.json(), middleware(db))
  app.post('/users', async (req, res) => void res.json(await User.create(req.body as never)))
  const server = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
