import { ActiveAlchemy, type CursorPage, type CursorPageJson, type Paginator } from '@active-alchemy/core'
import type { Readable } from 'node:stream'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://', { cursorSecret: 'a long random text' })

class User extends db.Model('User', { name: db.Column(db.String(25)), age: db.Column(db.Integer) }) {
  static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
  declare posts?: Post[]
}
class Post extends db.Model('Post', { title: db.Column(db.String(80)) }) {
  static relations = this.relate({ author: db.ManyToOne(() => User, 'posts') })
  declare author?: User
}

/** What a framework gives of an address. */
declare const query: Record<string, string | string[] | undefined>

const page = await User.paginateByCursor({ first: query['first'], after: query['after'] })
expectTypeOf(page).toEqualTypeOf<CursorPage<User>>()
expectTypeOf(page.items).toEqualTypeOf<readonly User[]>()
expectTypeOf(page.endCursor).toEqualTypeOf<string | null>()
expectTypeOf(page.toJSON()).toEqualTypeOf<CursorPageJson<User>>()
expectTypeOf(await page.next()).toEqualTypeOf<CursorPage<User> | null>()
for (const user of page) expectTypeOf(user).toEqualTypeOf<User>()

const posts = await User.query().with('posts').orderBy('age').paginateByCursor({ last: 5, before: page.startCursor })
expectTypeOf(posts.items[0]?.posts).toEqualTypeOf<Post[] | undefined>()
const rows = await User.query((user) => ({ upper: user.name.upper() })).paginateByCursor()
expectTypeOf(rows.items).toEqualTypeOf<readonly { upper: string }[]>()

// @ts-expect-error a page is asked for from one end
void User.paginateByCursor({ first: 1, before: 'x' })
// @ts-expect-error a page is asked for from one end
void User.paginateByCursor({ first: 1, last: 1 })
// @ts-expect-error no such option
void User.paginateByCursor({ frist: 1 })

const numbered = await User.paginate({ offset: query['offset'], limit: 10 })
expectTypeOf(await numbered.next()).toEqualTypeOf<Paginator<User> | null>()
expectTypeOf(await numbered.prev()).toEqualTypeOf<Paginator<User> | null>()
// @ts-expect-error a page has a number, or something before it
void User.paginate({ page: 1, offset: 3 })
// @ts-expect-error a page has a number, or something before it
void User.paginate({ perPage: 10, limit: 10 })

// ---------------------------------------------------------------------------------------------- streams and batches

expectTypeOf(User.query().stream()).toExtend<Readable>()
for await (const user of User.filter({ age: 1 }).stream({ batch: 10 })) expectTypeOf(user).toEqualTypeOf<User>()
for await (const row of User.query('name').stream()) expectTypeOf(row).toEqualTypeOf<Pick<User, 'name'>>()
const count = await User.query()
  .with('posts')
  .inBatches(async (users) => {
    for (const user of users) expectTypeOf(user.posts).toEqualTypeOf<Post[]>()
    expectTypeOf(users.endCursor).toEqualTypeOf<string | null>()
  })
expectTypeOf(count).toEqualTypeOf<number>()
// @ts-expect-error a batch is a number
User.query().stream({ batch: '10' })
// @ts-expect-error the records of a batch are worked on by a promise
void User.query().inBatches((users) => users.items.length)
await db.run(async () => undefined, { label: 'nightly', transactionTimeoutMs: 60_000 })
