import { ActiveAlchemy, type JsonSchema, Query, type StandardSchema } from '@active-alchemy/core'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', {
  name: db.Column(db.String(25)),
  fee: db.Column(db.Numeric(10, 2), { default: '0' }),
  age: db.Column(db.Integer, { nullable: true }),
}) {
  static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
  declare posts?: Post[]
  get shout(): string {
    return this.name.toUpperCase()
  }
}
class Post extends db.Model('Post', { title: db.Column(db.String(80)) }) {
  static relations = this.relate({ author: db.ManyToOne(() => User, 'posts') })
  declare author?: User
}
class Decorated extends db.Model {
  @db.Column(db.String(25)) declare name: string
}

// ---------------------------------------------------------------------------------------------- dictionaries

declare const user: User
declare const post: Post
declare const decorated: Decorated
expectTypeOf(user.toDict()).toEqualTypeOf<Record<string, unknown>>()
expectTypeOf(user.toDict({ only: ['id', 'age'] })).toExtend<{ id: number; age: number | null }>()
expectTypeOf(user.toDict({ only: ['name'], include: ['shout'] }).shout).toEqualTypeOf<string>()
expectTypeOf(user.toDict({ except: ['age'], include: ['shout'] }).shout).toEqualTypeOf<string>()
expectTypeOf(post.toDict({ only: ['authorId'] }).authorId).toEqualTypeOf<number | null>()
expectTypeOf(decorated.toDict({ only: ['name'] }).name).toEqualTypeOf<string>()
expectTypeOf(await User.get(1).toDict({ only: ['name'] })).toExtend<{ name: string }>()
expectTypeOf((await User.create({ name: 'a' }).toDict({ only: ['name'], include: ['shout'] })).shout).toEqualTypeOf<string>()
// @ts-expect-error it was not asked for
void user.toDict({ only: ['name'] }).age
// @ts-expect-error there is no such column
user.toDict({ only: ['nme'] })
// @ts-expect-error there is no such column
user.toDict({ except: ['nme'] })
// @ts-expect-error a method is no column
user.toDict({ only: ['save'] })
// @ts-expect-error there is no such property
user.toDict({ include: ['whisper'] })
// @ts-expect-error there is no such column
void User.get(1).toDict({ only: ['nme'] })
// @ts-expect-error there is no such option
user.toDict({ hide: ['name'] })

// ---------------------------------------------------------------------------------------------- schemas

const schema: StandardSchemaV1 = User
const ours: StandardSchema = z.string()
void [schema, ours]
expectTypeOf<StandardSchemaV1.InferInput<typeof User>['name']>().toEqualTypeOf<string>()
expectTypeOf<StandardSchemaV1.InferInput<typeof User>['fee']>().toEqualTypeOf<string | number | undefined>()
const result = await User['~standard'].validate({})
if (!result.issues) void User.create(result.value)
expectTypeOf(User.jsonSchema({ for: 'create' })).toEqualTypeOf<JsonSchema>()
expectTypeOf(Decorated.jsonSchema()).toEqualTypeOf<JsonSchema>()
void User.jsonSchema({ with: ['posts', 'posts.author'] })
// @ts-expect-error there is no such JSON
User.jsonSchema({ for: 'delete' })
// @ts-expect-error there is no such relation
User.jsonSchema({ with: ['comments'] })

// ---------------------------------------------------------------------------------------------- names, words, old rows

// @ts-expect-error a record has a verb of that name
db.Model('Wrong', { save: db.Column(db.Integer) })
// @ts-expect-error a record has a fact of that name
db.BaseModel('Wrong', { isNew: db.Column(db.Integer) })

class NoteQuery extends Query<Note> {
  short(): this {
    return this.filter((note) => note.text.length().lt(5))
  }
}
class Note extends db.Model('Note', { text: db.Column(db.String(25)) }) {
  static override readonly queryClass = NoteQuery
  static long(): Query<Note> {
    return this.filter((note) => note.text.length().gte(5))
  }
}
expectTypeOf(await Note.query().short().short().orderBy('text').all()).toEqualTypeOf<Note[]>()
expectTypeOf(await Note.long().all()).toEqualTypeOf<Note[]>()
// @ts-expect-error no word of that name
Note.query().nope()
// @ts-expect-error another model has no such word
User.query().short()

expectTypeOf(await Note.prune({ deletedBefore: new Date() })).toEqualTypeOf<number>()
// @ts-expect-error when is not said
void Note.prune({ batch: 5 })
expectTypeOf(db.utils.hasIndex(Note, 'text', 'id')).toEqualTypeOf<boolean>()
expectTypeOf(db.utils.hasChanges(user, 'name', 'age')).toEqualTypeOf<boolean>()
// @ts-expect-error there is no such column
db.utils.hasIndex(Note, 'nope')
// @ts-expect-error there is no such column
db.utils.hasChanges(user, 'nope')
