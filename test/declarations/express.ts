// What an application exports from its own modules. Compiled with `declaration: true` in the layouts of npm and of pnpm, every type
// that the compiler infers here must have a name that is exported by the package it comes from.
import {
  ActiveAlchemy,
  and,
  BaseModel,
  between,
  gte,
  is,
  isNull,
  Model,
  not,
  oneOf,
  or,
  type Query,
  some,
  startsWith,
} from '@active-alchemy/express'
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'

export const db = new ActiveAlchemy('sqlite://')

// ---------------------------------------------------------------------------------------------- models

export class Author extends db.Model('Author', {
  name: db.Column(db.String(25)),
  born: db.Column(db.Date, { nullable: true }),
  score: db.Column(db.Integer, { default: 0 }),
}) {
  static relations = this.relate({ books: db.OneToMany(() => Book, 'author') })
  declare books: Book[]
}

export class Book extends db.Model(
  'Book',
  { title: db.Column(db.String(80)), price: db.Column(db.Numeric(10, 2), { default: '0' }) },
  { hidden: ['price'] },
) {
  static relations = this.relate({
    author: db.ManyToOne(() => Author, 'books'),
    tags: db.ManyToMany(() => Tag, 'books', { joinTable: true }),
    cover: db.OneToOne(() => Cover, { nullable: true }),
  })
  declare author: Author
  declare tags: Tag[]
  declare cover: Cover | null
}

export class Tag extends db.BaseModel('Tag', { label: db.Column(db.String(20), { primary: true }) }) {
  static relations = this.relate({ books: db.ManyToMany(() => Book, 'tags') })
  declare books: Book[]
}

export class Cover extends db.Model('Cover', { image: db.Column(db.LargeBinary) }) {}

export class Everything extends db.Model('Everything', {
  text: db.Column(db.Text),
  big: db.Column(db.BigInteger),
  float: db.Column(db.Float, { nullable: true }),
  flag: db.Column(db.Boolean, { default: true }),
  day: db.Column(db.Date),
  time: db.Column(db.Time),
  at: db.Column(db.DateTime, { default: () => db.utcnow() }),
  json: db.Column(db.JSONType),
  shape: db.Column(db.JSONType<{ readonly theme: string }>(), { nullable: true }),
  email: db.Column(db.EmailType()),
  uuid: db.Column(db.UUID),
  bytes: db.Column(db.LargeBinary),
}) {}

export class Decorated extends db.Model {
  @db.Column(db.String(25)) declare name: string
  @db.Column(db.Integer, { nullable: true }) declare age: number | null
  @db.ManyToOne(() => Author, { nullable: true }) declare author: Author | null
}

@Entity()
export class Plain {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar') declare name: string
}

/** A base of one's own for the models of the application. */
export abstract class Base extends db.Model {
  hello() {
    return `hello ${this.id}`
  }
}
export class Derived extends Base {
  @db.Column(db.Text) declare text: string
}
export const timestamps = { seenAt: db.Column(db.DateTime, { nullable: true }) }
export class Visit extends db.Model('Visit', { ...timestamps, path: db.Column(db.Text) }) {}
export const Door = db.Model
export const BaseDoor = db.BaseModel
export const Made = db.Model('Made', { name: db.Column(db.String(9)) })
export const models = [Author, Book] as const
export const modelsByName = { Author, Book, Tag }
export { BaseModel, Model }

// ---------------------------------------------------------------------------------------------- types, columns, relations

export const name = db.Column(db.String(25))
export const nameType = db.String(25)
export const priceType = db.Numeric(10, 2)
export const emailType = db.EmailType()
export const jsonType = db.JSONType
export const shapeType = db.JSONType<string[]>()
export const types = db.utils
export const relation = db.ManyToOne(() => Author, 'books')
export const functions = db.func
export const total = db.func.sum('price')

// ---------------------------------------------------------------------------------------------- what a service gives back

export const find = (id: number) => Author.get(id)
export const findOrFail = (id: number) => Author.getOrError(id)
export const findOr = (id: number) => Author.getOrError(id, () => 'none' as const)
export const first = async () => Author.first({ name: 'Ada' })
export const make = (name: string) => Author.create({ name })
export const makeMany = () => Author.createMany([{ name: 'a' }])
export const query = () => Author.query()
export const filtered = () => Author.filter({ name: 'Ada' }).orderBy('name')
export const pairs = () => Author.query('name', 'born').all()
export const grouped = () => Author.query({ name: 'name', n: db.func.count('id') }).groupBy('name')
export const rows = async () => Author.query({ n: db.func.count('id'), best: db.func.max('score') }).all()
export const row = async () => Author.query({ n: db.func.count('id') }).first()
export const page = (number: number) => Author.paginate({ page: number })
export const changed = () => Author.filter({ name: 'a' }).updateAll({ score: 1 })
export const removed = () => Author.filter({ name: 'a' }).deleteAll()
export const dict = async (id: number) => (await Author.getOrError(id)).toDict()
export const chain = (id: number) => Author.get(id).delete().restore().update({ score: 5 })
export const ofPlain = () => db.query(Plain)
export const sql = (name: string) => db.sql<{ n: number }>`select count(*) as n from ${Author} where name = ${name}`
export const job = () => db.run(() => Author.count())
export const transaction = () => db.transaction(async () => Author.first(), { retries: 2 })
export const session = () => db.session
export const iterate = async function* () {
  for await (const author of Author.query()) yield author
}
export const builder = () => db.dataSource.getRepository(Author).createQueryBuilder('author')
export const repository = db.dataSource.getRepository(Book)

export class AuthorService {
  readonly authors = Author
  readonly where = Author.query
  list() {
    return Author.query().all()
  }
  statistics() {
    return Author.query({ n: db.func.count('id') }).all()
  }
  @db.Transactional()
  async rename(id: number, name: string) {
    return Author.getOrError(id).update({ name })
  }
}

export function mixin<Q extends Query<Author>>(base: Q) {
  return base.filter({ name: 'a' })
}

// ---------------------------------------------------------------------------------------------- conditions and expressions

export const old = gte(40)
export const either = or({ name: 'Ada' }, { score: between(1, 9) })
export const both = and({ name: startsWith('A') }, { born: not(isNull()) })
export const chosen = oneOf(['Ada', 'Bob'])
export const across = is({ name: 'Ada' })
export const having = some<Book>({ title: 'First' })
export const byExpression = () => Author.filter((author) => author.name.lower().eq('ada').and(author.updatedAt.gt(author.createdAt)))
export const loaded = () => Author.query().with('books').all()
export const narrowed = () =>
  Author.filter({ books: having })
    .with('books', (books) => books.orderBy('id', 'DESC').limit(3))
    .all()
export const selected = async () =>
  Book.query((book) => ({ author: book.author.name, total: book.price.sum(), books: db.func.count() }))
    .groupBy((book) => book.author.name)
    .orderBy('total', 'DESC')
    .all()
export const names = () => Author.query('name').distinct().all()
export const scalar = () => Author.query({ n: db.func.count() }).scalar()
export const counted = (name: string) => Author.count({ name })

// ---------------------------------------------------------------------------------------------- the database and its parts

export const dataSource = db.dataSource
export const metadata = db.metadata
export const Transactional = db.Transactional()
export const middleware = db.middleware()
export const errorHandler = db.errorHandler()
export const close = () => db.close()
export const reflect = () => db.reflect()
