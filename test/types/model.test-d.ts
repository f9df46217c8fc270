import { ActiveAlchemy, type ColumnMap, type DateTime, isNull, not, oneOf, or, type Paginator } from '@active-alchemy/core'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', {
  name: db.Column(db.String(25)),
  location: db.Column(db.String(50), { default: 'USA' }),
  age: db.Column(db.Integer, { nullable: true }),
  balance: db.Column(db.Numeric(10, 2), { default: '0' }),
  settings: db.Column(db.JSONType, { nullable: true }),
}) {
  static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
  declare posts: Post[]
  get shout(): string {
    return this.name.toUpperCase()
  }
}

class Post extends db.Model('Post', { title: db.Column(db.String(80)) }) {
  static relations = this.relate({ author: db.ManyToOne(() => User, 'posts') })
  declare author: User
}

class Page extends db.Model('Page', {
  tags: db.Column(db.JSONType<string[]>(), { default: [] }),
  made: db.Column(db.DateTime, { default: () => db.utcnow() }),
  at: db.Column(db.DateTime, { serverDefault: 'CURRENT_TIMESTAMP' }),
}) {}

class Country extends db.BaseModel('Country', {
  code: db.Column(db.String(2), { primary: true }),
  area: db.Column(db.Float, { nullable: true }),
}) {}

class Decorated extends db.Model {
  @db.Column(db.String(25)) declare name: string
  @db.Column(db.Integer, { nullable: true }) declare age: number | null
  // @ts-expect-error the column may be null, the property may not
  @db.Column(db.Integer, { nullable: true }) declare wrongNull: number
  // @ts-expect-error the column is text, the property a number
  @db.Column(db.String(5)) declare wrongType: number
}

// ---------------------------------------------------------------------------------------------- what the database is made of

// @ts-expect-error an environment variable may be missing
new ActiveAlchemy(process.env['DATABASE_URL'])
// @ts-expect-error an application is for the package of its framework
new ActiveAlchemy('sqlite://', { app: {} })
// @ts-expect-error there is no such option
new ActiveAlchemy('sqlite://', { poolsize: 3 })
// @ts-expect-error it commits by request or by save
new ActiveAlchemy('sqlite://', { commit: 'never' })

// ---------------------------------------------------------------------------------------------- what may be created

void User.create({ name: 'Mardix' })
void User.create({ name: 'Mardix', location: 'Moon', age: null })
// @ts-expect-error name is required
void User.create({ location: 'Moon' })
// @ts-expect-error there is no such column
void User.create({ name: 'Mardix', locaton: 'Moon' })
// @ts-expect-error name is text
void User.create({ name: 5 })
// @ts-expect-error name is never null
void User.create({ name: null })
// @ts-expect-error the stamps are ours
void User.create({ name: 'Mardix', createdAt: new Date() })
// @ts-expect-error a relation takes an instance
void Post.create({ title: 'First', author: { id: 1 } })
void Post.create({ title: 'First', author: new User({ name: 'Mardix' }) })
// @ts-expect-error each row needs its name
void User.createMany([{ name: 'a' }, { location: 'b' }])
// @ts-expect-error the constructor is typed as create
new User({ nam: 'Mardix' })
void Country.create({ code: 'IS' })
void Page.create({})
void Page.create({ tags: ['a'] })
// @ts-expect-error tags are texts
void Page.create({ tags: [1] })

// ---------------------------------------------------------------------------------------------- what is found

expectTypeOf(await User.get(1)).toEqualTypeOf<User | null>()
expectTypeOf(await User.getOrError(1)).toEqualTypeOf<User>()
expectTypeOf(await User.first({ name: 'Mardix' })).toEqualTypeOf<User | null>()
expectTypeOf(await User.getOrError(1, () => 'none' as const)).toEqualTypeOf<User | 'none'>()
expectTypeOf(await User.filter({ location: oneOf(['Moon', 'USA']) }).all()).toEqualTypeOf<User[]>()
expectTypeOf(await User.query('name', 'age').all()).toEqualTypeOf<Pick<User, 'name' | 'age'>[]>()
expectTypeOf(await User.paginate()).toEqualTypeOf<Paginator<User>>()
expectTypeOf(await User.count()).toEqualTypeOf<number>()
expectTypeOf(await db.sql<{ n: number }>`select 1 as n`).toEqualTypeOf<{ n: number }[]>()
for await (const user of User.query()) expectTypeOf(user).toEqualTypeOf<User>()

const row = await User.query({ all: db.func.count('id'), youngest: db.func.min('age'), richest: db.func.max('balance') }).first()
expectTypeOf(row?.all).toEqualTypeOf<number | undefined>()
expectTypeOf(row?.youngest).toEqualTypeOf<number | null | undefined>()

void User.query({ age: 'age', all: db.func.count() }).groupBy('age').orderBy(db.func.count(), 'DESC').all()
void User.filter({ name: 'a' }).updateAll({ age: 5, location: db.sql`upper(location)` }, { unguarded: true })
// @ts-expect-error there is no such column
void User.query().updateAll({ nme: 'a' })

class Service {
  @db.Transactional({ retries: 2 })
  async place(count: number): Promise<number> {
    return count
  }
  // @ts-expect-error it would give no promise
  @db.Transactional()
  size(): number {
    return 1
  }
}
expectTypeOf(await new Service().place(1)).toEqualTypeOf<number>()

// @ts-expect-error there is no such column
void User.first({ nme: 'Mardix' })
// @ts-expect-error name is text
void User.first({ name: 5 })
void User.filter(or({ name: 'a' }, { age: not(isNull()) }, db.sql`1 = 1`))
// @ts-expect-error a client may send null
void User.filter({ age: null })
// @ts-expect-error a client may send a list
void User.filter({ name: ['a'] })
// @ts-expect-error name is text
void User.filter({ name: oneOf([5]) })
// @ts-expect-error there is no such column
void User.filter(or({ nme: 'a' }))
// @ts-expect-error there is no such column
void User.query('nme')
// @ts-expect-error methods are no columns
void User.query('save')
// @ts-expect-error rows are deleted by deleteAll
void User.query().delete()

// ---------------------------------------------------------------------------------------------- what a record is

const user = await User.getOrError(1)
expectTypeOf(user.id).toEqualTypeOf<number>()
expectTypeOf(user.name).toEqualTypeOf<string>()
expectTypeOf(user.age).toEqualTypeOf<number | null>()
expectTypeOf(user.balance).toEqualTypeOf<string>()
expectTypeOf(user.createdAt).toEqualTypeOf<DateTime>()
expectTypeOf(user.deletedAt).toEqualTypeOf<DateTime | null>()
expectTypeOf(user.posts).toEqualTypeOf<Post[]>()
expectTypeOf(await user.update({ name: 'Ada' })).toEqualTypeOf<User>()
expectTypeOf(await user.delete()).toEqualTypeOf<User>()
expectTypeOf(await User.get(1).delete().restore().update({ age: 5 })).toEqualTypeOf<User>()

expectTypeOf(await User.get(1).set({ name: 'Ada' }).save()).toEqualTypeOf<User>()
void user.delete({ hardDelete: true })
// @ts-expect-error it is called hardDelete
void user.delete({ hard: true })
// @ts-expect-error name is text
void user.update({ name: 5 })
// @ts-expect-error there is no such column
void user.update({ nme: 'Ada' })
// @ts-expect-error there is no such column
void user.increment('agee')
// @ts-expect-error a BaseModel has no deleted rows to restore
void new Country({ code: 'IS' }).delete(false)

void new Decorated({ name: 'a' }).name

// ---------------------------------------------------------------------------------------------- plain TypeORM takes our models

const { manager } = db.dataSource
void manager.insert(User, { name: 'Mardix', settings: { theme: 'dark' } })
void manager.update(User, { id: 1 }, { age: 5 })
void manager.save(User, { name: 'Mardix' })
void db.dataSource.getRepository(Post).insert({ title: 'First' })
void db.dataSource.createQueryBuilder().update(User).set({ age: null }).execute()
expectTypeOf(await db.dataSource.getRepository(User).find({ where: { name: 'Mardix' } })).toEqualTypeOf<User[]>()

// ---------------------------------------------------------------------------------------------- models that share columns and methods

class Animal extends db.Model('Animal', { name: db.Column(db.String(25)) }, { abstract: true }) {
  hello(): string {
    return this.name
  }
}
class Goose extends db.Model('Goose', { wings: db.Column(db.Integer) }, { extends: Animal }) {}
class Dog extends Animal {}
const extended = <const Columns extends ColumnMap>(name: string, columns: Columns) => db.Model(name, columns, { extends: Animal })
class Swan extends extended('Swan', { neck: db.Column(db.Integer) }) {}
const noted = (name: string) => class extends db.Model(name, { note: db.Column(db.String(25)) }) {}
class Noted extends noted('Noted') {}

expectTypeOf((await Goose.create({ name: 'Akka', wings: 2 })).hello()).toEqualTypeOf<string>()
expectTypeOf(await Goose.get(1)).toEqualTypeOf<Goose | null>()
expectTypeOf((await Goose.getOrError(1)).wings).toEqualTypeOf<number>()
expectTypeOf((await Swan.create({ name: 'a', neck: 1 })).neck).toEqualTypeOf<number>()
expectTypeOf((await Noted.create({ note: 'a' })).note).toEqualTypeOf<string>()
expectTypeOf(await Dog.first({ name: 'Rex' })).toEqualTypeOf<Dog | null>()
// @ts-expect-error the name of the animal is required
void Goose.create({ wings: 2 })
// @ts-expect-error it is no model
db.Model('Wrong', {}, { extends: Date })

// ---------------------------------------------------------------------------------------------- what values may be

class Product extends db.Model(
  'Product',
  {
    title: db.Column(db.String(20)),
    price: db.Column(db.Numeric(10, 2), { nullable: true }),
    big: db.Column(db.BigInteger, { default: 5 }),
    stock: db.Column(db.Integer, { default: 0 }),
    weight: db.Column(db.Float, { nullable: true }),
    since: db.Column(db.DateTime, { nullable: true }),
    meta: db.Column(db.JSONType, { nullable: true }),
  },
  { hidden: ['price', 'createdAt'], fillable: ['title'], guarded: ['id'] },
) {
  hello(): string {
    return this.title
  }
  sell(): unknown {
    return this.decrement('stock', 1, { min: 0 }).update({ title: 'sold' })
  }
  rename(title: string): unknown {
    this.set({ title })
    return this.update({ title, price: 5 })
  }
  static seed(): unknown {
    return Product.create({ title: 'seed' })
  }
}

class Seat extends db.BaseModel('Seat', {
  row: db.Column(db.Integer, { primary: true }),
  serial: db.Column(db.Integer, { generated: true }),
  createdAt: db.Column(db.DateTime, { nullable: true }),
}) {}

class Legacy extends db.Model {
  @db.Column(db.String(25)) declare name: string
  @db.Column(db.Numeric(10, 2)) declare price: string
  @db.Column(db.DateTime) declare at: DateTime
  rename(): unknown {
    return this.update({ name: 'new' }).increment('price', 2)
  }
}

void Product.create({ title: 'a', price: 1.5, big: 7, since: new Date() })
void Product.create({ title: 'a', price: '1.50', big: 7n, since: '2026-01-31T10:00:00Z' })
void new Product({ title: 'a', price: 2, big: 7, since: new Date() })
const product = await Product.getOrError(1)
void product.update({ price: 1.5, big: 7, since: '2026-01-31T10:00:00Z', title: 'b', stock: 5 })
void product.set({ since: null, price: null }).save()
void Product.get(1).update({ price: 2, since: new Date() }).set({ big: 3 })
expectTypeOf(product.price).toEqualTypeOf<string | null>()
expectTypeOf(product.big).toEqualTypeOf<bigint>()
void product.increment('stock').increment('price', 0.1).increment('big').decrement('weight', 1, { min: 0 })
void Product.create({ title: 'a', id: 7, createdAt: new Date() }, { unguarded: true })
void product.update({ id: 7, deletedAt: null }, { unguarded: true })
void Seat.create({ row: 1, createdAt: new Date() })
void new Seat({ row: 1 }).update({ createdAt: null })
void Legacy.create({ name: 'a', at: new Date() })
void (await Legacy.getOrError(1)).update({ at: '2026-01-31T10:00:00Z' }).increment('price')

// @ts-expect-error the key is generated
void Product.create({ title: 'a', id: 7 })
// @ts-expect-error the key is generated
new Product({ title: 'a', id: 7 })
// @ts-expect-error the key is generated
void Legacy.create({ name: 'a', id: 7 })
// @ts-expect-error it is generated
void Seat.create({ row: 1, serial: 2 })
// @ts-expect-error a boolean is no decimal number
void Product.create({ title: 'a', price: true })
// @ts-expect-error a number is no moment
void Product.create({ title: 'a', since: 5 })
// @ts-expect-error a number is no text
void product.update({ title: 5 })
// @ts-expect-error the key stays
void product.update({ id: 7 })
// @ts-expect-error the key stays
void new Seat({ row: 1 }).update({ row: 2 })
// @ts-expect-error the stamp is ours
void product.update({ createdAt: product.createdAt })
// @ts-expect-error delete() writes it
void product.update({ isDeleted: true })
// @ts-expect-error delete() writes it
void product.set({ deletedAt: null })
// @ts-expect-error a method is no column
void product.update({ save: () => product.save() })
// @ts-expect-error a method is no column
void product.set({ hello: () => 'x' })
// @ts-expect-error facts are no columns
void product.update({ isNew: true })
// @ts-expect-error the key stays
void Product.get(1).update({ id: 7 })
// @ts-expect-error what is missing is no one
void product.increment('stock', undefined)
// @ts-expect-error nor is it taken
void product.decrement('stock', undefined)
// @ts-expect-error a text has no sum
void product.increment('title')
// @ts-expect-error a key has no sum
void product.increment('id')
// @ts-expect-error a moment has no sum
void product.increment('since')
// @ts-expect-error JSON has no sum
void product.increment('meta')
// @ts-expect-error a method has no sum
void product.increment('save')
// @ts-expect-error what is missing is no one, chained as well
void Product.get(1).increment('stock', undefined)
// @ts-expect-error a text has no sum
void Product.get(1).decrement('title')
// @ts-expect-error there is no such column to hide
db.Model('Wrong', { a: db.Column(db.Integer) }, { hidden: ['nope'] })
// @ts-expect-error there is no such column to fill
db.Model('Wrong', { a: db.Column(db.Integer) }, { fillable: ['nope'] })
// @ts-expect-error there is no such column to guard
db.BaseModel('Wrong', { a: db.Column(db.Integer) }, { guarded: ['save'] })

// ---------------------------------------------------------------------------------------------- hooks, locks, tags

User.before('save', (user) => expectTypeOf(user).toEqualTypeOf<User>())
User.after('create', async (user) => void (await user.update({ age: 5 })))
User.after('commit', ({ name }) => console.log(name), { await: true })
Decorated.before('delete', (decorated) => expectTypeOf(decorated.name).toEqualTypeOf<string>())
// @ts-expect-error nothing can be done before a commit
User.before('commit', () => undefined)
// @ts-expect-error there is no such event
User.after('load', () => undefined)
// @ts-expect-error a verb waits for its hooks, whatever they are told
User.after('save', () => undefined, { await: true })
// @ts-expect-error a user has no title
User.before('save', (user) => user.title)

class Versioned extends db.Model('Versioned', { text: db.Column(db.Text), version: db.Version() }, { optimisticLock: 'version' }) {}
const versioned = await Versioned.create({ text: 'a' })
expectTypeOf(versioned.version).toEqualTypeOf<number>()
expectTypeOf(versioned.etag).toEqualTypeOf<string>()
expectTypeOf(await Versioned.getOrError(1, { ifMatch: process.env['IF_MATCH'] }).update({ text: 'b' })).toEqualTypeOf<Versioned>()
// @ts-expect-error the database counts
void Versioned.create({ text: 'a', version: 2 })
// @ts-expect-error the database counts
void versioned.update({ version: 2 })
// @ts-expect-error nobody else counts
void versioned.increment('version')
// @ts-expect-error a tag is no column
void versioned.update({ etag: 'a' })
// @ts-expect-error there is no such lock
void db.Model('Other', {}, { optimisticLock: 'always' })
void db.transaction(async () => 1, { isolation: 'SERIALIZABLE', retries: 3 })
// @ts-expect-error there is no such level on all databases
void db.transaction(async () => 1, { isolation: 'SNAPSHOT' })

const bound = new ActiveAlchemy('sqlite://', { binds: { users: 'sqlite://', log: { uri: 'sqlite://', poolSize: 2 } } })
expectTypeOf(bound.binds.users.sql).toEqualTypeOf<typeof db.sql>()
class Bound extends bound.Model('Bound', { text: bound.Column(bound.Text) }, { bindKey: 'log' }) {}
expectTypeOf((await Bound.create({ text: 'a' })).text).toEqualTypeOf<string>()
// @ts-expect-error there is no such bind
void bound.binds.user
// @ts-expect-error a database without binds has none
void db.binds.users
// @ts-expect-error a bind has a URI
void new ActiveAlchemy('sqlite://', { binds: { users: { poolSize: 2 } } })
