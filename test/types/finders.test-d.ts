import { ActiveAlchemy } from '@active-alchemy/core'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', {
  name: db.Column(db.String(25)),
  email: db.Column(db.String(80), { unique: 'live' }),
  age: db.Column(db.Integer, { nullable: true }),
}) {}

class Tag extends db.Model('Tag', {
  label: db.Column(db.String(25), { unique: true }),
  color: db.Column(db.String(25), { default: 'red' }),
}) {}

class Decorated extends db.Model {
  @db.Column(db.String(25)) declare name: string
}

// @ts-expect-error it is unique among live rows, or among all
db.Column(db.String(25), { unique: 'dead' })

// ---------------------------------------------------------------------------------------------- several by their keys

expectTypeOf(await User.getMany([1, '2'])).toEqualTypeOf<(User | null)[]>()
void User.getMany([1], { includeDeleted: true, forUpdate: true })
// @ts-expect-error it takes a list
void User.getMany(1)
// @ts-expect-error there is no such option
void User.getMany([1], { nope: true })

// ---------------------------------------------------------------------------------------------- one, or a new one

expectTypeOf(await Tag.firstOrCreate({ label: 'a' })).toEqualTypeOf<Tag>()
expectTypeOf(await User.firstOrCreate({ email: 'a' }, { name: 'Ada' })).toEqualTypeOf<User>()
expectTypeOf((await User.updateOrCreate({ email: 'a' }, { name: 'Ada', age: null })).wasCreated).toEqualTypeOf<boolean>()
expectTypeOf(await Decorated.firstOrCreate({ name: 'a' })).toEqualTypeOf<Decorated>()
void User.firstOrCreate({ email: 'a', name: 'Ada' }).increment('age')
void User.firstOrCreate({ email: 'a' }, { name: 'Ada', email: 'b' })
void User.firstOrCreate({ id: 7 }, { name: 'Ada', email: 'a' }, { unguarded: true })
void User.updateOrCreate({ email: 'a' }, { name: 'Ada', id: 7 }, { unguarded: true })
// @ts-expect-error a new one would have no name
void User.firstOrCreate({ email: 'a' })
// @ts-expect-error a new one would have no name
void User.updateOrCreate({ email: 'a' }, { age: 3 })
// @ts-expect-error there is no such column
void Tag.firstOrCreate({ label: 'a', colour: 'red' })
// @ts-expect-error there is no such column
void Tag.firstOrCreate({ label: 'a' }, { colour: 'red' })
// @ts-expect-error a label is text
void Tag.firstOrCreate({ label: 5 })
// @ts-expect-error the stamps are ours
void Tag.firstOrCreate({ label: 'a', createdAt: new Date() })
// @ts-expect-error a fact is no column
void Tag.firstOrCreate({ label: 'a' }, { wasCreated: true })
// @ts-expect-error what is set must be said
void Tag.updateOrCreate({ label: 'a' })

// ---------------------------------------------------------------------------------------------- many, or new ones

expectTypeOf(await User.upsertMany([{ name: 'Ada', email: 'a' }], { on: ['email'] })).toEqualTypeOf<User[]>()
void User.upsertMany([{ name: 'Ada', email: 'a' }], { on: ['email'], update: ['name', 'age'] })
void User.upsertMany([{ id: 7, name: 'Ada', email: 'a' }], { on: ['id'], unguarded: true })
// @ts-expect-error each row needs its name
void User.upsertMany([{ email: 'a' }], { on: ['email'] })
// @ts-expect-error a key must be named
void User.upsertMany([{ name: 'Ada', email: 'a' }])
// @ts-expect-error a key has a column at least
void User.upsertMany([{ name: 'Ada', email: 'a' }], { on: [] })
// @ts-expect-error there is no such column
void User.upsertMany([{ name: 'Ada', email: 'a' }], { on: ['mail'] })
// @ts-expect-error there is no such column
void User.upsertMany([{ name: 'Ada', email: 'a' }], { on: ['email'], update: ['nme'] })

// ---------------------------------------------------------------------------------------------- a model without columns of its own

class Membership extends db.Model('Membership', {}) {
  static relations = this.relate({ user: db.ManyToOne(() => User) })
  declare user?: User
}
expectTypeOf(Membership.getOrError(1, { with: ['user'] }).then(({ user }) => user.id)).resolves.toEqualTypeOf<number>()
// @ts-expect-error it has no property of that name
void Membership.getOrError(1).then(({ nope }) => nope)
