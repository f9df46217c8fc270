import {
  ActiveAlchemy,
  and,
  between,
  type DateTime,
  gt,
  gte,
  is,
  isNull,
  not,
  oneOf,
  or,
  Query,
  some,
  startsWith,
} from '@active-alchemy/core'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', {
  name: db.Column(db.String(25)),
  age: db.Column(db.Integer),
  lastAccess: db.Column(db.DateTime, { nullable: true }),
  big: db.Column(db.BigInteger, { default: 0n }),
}) {
  static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
  declare posts?: Post[]
}
class Post extends db.Model('Post', { title: db.Column(db.String(80)), words: db.Column(db.Integer) }) {
  static relations = this.relate({ author: db.ManyToOne(() => User, 'posts'), comments: db.OneToMany(() => Comment, 'post') })
  declare author?: User
  declare comments?: Comment[]
}
class Comment extends db.Model('Comment', { text: db.Column(db.Text) }) {
  static relations = this.relate({ post: db.ManyToOne(() => Post, 'comments') })
  declare post?: Post
}

// ---------------------------------------------------------------------------------------------- conditions

User.filter({ name: 'a', age: gt(3), lastAccess: not(isNull()) })
User.filter({ id: db.op.oneOf([1, 2]), age: db.op.gt(3) })
// @ts-expect-error an operator of another kind of value
User.filter({ id: db.op.startsWith('1') })
User.filter({ id: oneOf([1, 2]), name: startsWith('M'), age: or(gt(40), between(1, 9)) })
User.filter({ posts: some({ words: gte(10) }) })
Post.filter({ author: is({ name: 'x' }) })
User.filter(or({ name: 'a' }, { id: gt(1) }))
User.filter((user) => user.name.lower().eq('ada').and(user.lastAccess.isNull()))
Post.filter((post) => post.author.name.eq('Ada'))
User.filter({ id: oneOf(Post.query((post) => ({ id: post.author.id }))) })
// What stands inside another filter knows its model.
User.filter(or({ name: 'a' }, { posts: some({ title: startsWith('x') }) }))
User.filter(not({ posts: some({ title: startsWith('x') }) }))
User.filter(and({ name: 'b' }, or({ name: 'a' }, { posts: some(or({ title: 'x' }, { author: is({ name: 'y' }) })) })))
const either = or({ name: 'a' }, { age: gt(1) })
User.filter(either)
// @ts-expect-error no column of that name
User.filter(or({ name: 'a' }, { posts: some({ nope: startsWith('x') }) }))
// @ts-expect-error a text is compared with texts
User.filter(or({ name: 'a' }, { posts: some({ title: gt(3) }) }))
// @ts-expect-error a number is compared with numbers
User.filter(or({ age: 'x' }, { name: 'a' }))
// @ts-expect-error a text is compared with texts
User.filter({ name: gt(3) })
// @ts-expect-error null is an operator
User.filter({ lastAccess: null })
// @ts-expect-error a list is an operator
User.filter({ id: [1, 2] })
// @ts-expect-error no column of that name
User.filter({ nope: 1 })
// @ts-expect-error no column of that name
User.filter((user) => user.nope.eq(1))
// @ts-expect-error a number is compared with numbers
User.filter((user) => user.age.eq('1'))
// @ts-expect-error a verb is no column
User.filter({ save: 1 })
// @ts-expect-error a truth value is needed
User.filter((user) => user.name)
// @ts-expect-error a number has no case
User.filter((user) => user.age.lower().eq('x'))
// @ts-expect-error a moment is no number
User.filter((user) => user.createdAt.plus(1).gt(1))

// ---------------------------------------------------------------------------------------------- rows

const grouped = Post.query((post) => ({
  author: post.author.name,
  words: post.words.sum(),
  posts: db.func.count(),
  mean: post.words.avg(),
}))
  .groupBy((post) => post.author.name)
  .having((post) => post.words.sum().gt(100))
  .orderBy('words', 'DESC')
expectTypeOf(grouped.all()).resolves.toEqualTypeOf<{ author: string; words: number | null; posts: number; mean: number | null }[]>()
expectTypeOf(User.query((user) => ({ big: user.big.sum(), last: user.lastAccess.max() })).first()).resolves.toEqualTypeOf<{
  big: bigint | null
  last: DateTime | null
} | null>()
expectTypeOf(User.query({ total: db.func.sum('age'), last: db.func.max('lastAccess') }).first()).resolves.toEqualTypeOf<{
  total: number | null
  last: DateTime | null
} | null>()
expectTypeOf(User.query('name', 'age').distinct().all()).resolves.toEqualTypeOf<Pick<User, 'name' | 'age'>[]>()
// @ts-expect-error no column of that name
User.query('nope')
// @ts-expect-error no column of that name
User.query().orderBy('nope')
// @ts-expect-error no column of that name
User.query().groupBy('nope')

// ---------------------------------------------------------------------------------------------- relations

async function relations(): Promise<void> {
  const [user] = await User.query().with('posts', 'posts.comments').all()
  if (user) expectTypeOf(user.posts.map((post) => post.comments.length)).toEqualTypeOf<number[]>()
  await user?.save()
  const [post] = await Post.query().with('author').all()
  expectTypeOf(post?.author.name).toEqualTypeOf<string | undefined>()
  const [busy] = await User.query()
    .with('posts', (posts) =>
      posts
        .filter({ words: gt(3) })
        .with('comments')
        .limit(3),
    )
    .all()
  expectTypeOf(busy?.posts[0]?.comments.length).toEqualTypeOf<number | undefined>()
  const [plain] = await User.query().all()
  // @ts-expect-error it was not asked for
  void plain?.posts.length
  // @ts-expect-error no relation of that name
  User.query().with('nope')
  // @ts-expect-error no relation of that name
  User.query().with('posts.nope')
  // @ts-expect-error a column is no relation
  User.query().with('name')
}
void relations

// ---------------------------------------------------------------------------------------------- bulk writes

void User.filter({ age: 1 }).updateAll({ age: (user) => user.age.times(2), name: 'x', lastAccess: null })
// @ts-expect-error a number is needed
void User.filter({ age: 1 }).updateAll({ age: (user) => user.name })
// @ts-expect-error no column of that name
void User.filter({ age: 1 }).updateAll({ nope: 1 })

// ---------------------------------------------------------------------------------------------- queries of one's own

class Named<T extends object, R = T> extends Query<T, R> {
  called(name: string): this {
    return this.filter({ name } as never)
  }
}
const named = new ActiveAlchemy('sqlite://', { queryClass: Named })
class Person extends named.Model('Person', { name: named.Column(named.String(25)) }) {}
expectTypeOf(Person.query().called('Ada').called('Bob').orderBy('name').all()).resolves.toEqualTypeOf<Person[]>()
// @ts-expect-error no word of that name
Person.query().nope()
// @ts-expect-error the usual queries have no such word
User.query().called('Ada')
