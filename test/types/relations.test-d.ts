import { ActiveAlchemy, gt, oneOf } from '@active-alchemy/core'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', { name: db.Column(db.String(25)) }) {
  static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
  declare posts?: Post[]

  /** In a method of the class, too. */
  async titles(): Promise<string[]> {
    const { posts } = await this.load('posts')
    return (posts ?? []).map(({ title }) => title)
  }
}
class Post extends db.Model('Post', { title: db.Column(db.String(80)) }) {
  static relations = this.relate({
    author: db.ManyToOne(() => User, 'posts', { nullable: true }),
    tags: db.ManyToMany(() => Tag, { joinTable: true }),
  })
  declare author?: User | null
  declare readonly authorId: number | null
  declare tags?: Tag[]
}
class Tag extends db.Model('Tag', { label: db.Column(db.String(20)) }) {
  static relations = this.relate({ maker: db.ManyToOne(() => User) })
  declare maker?: User
}

// ---------------------------------------------------------------------------------------------- with

async function options(): Promise<void> {
  const user = await User.get(1, { with: ['posts', 'posts.tags'], includeDeleted: true })
  expectTypeOf(user?.posts.map(({ tags }) => tags.length)).toEqualTypeOf<number[] | undefined>()
  expectTypeOf((await User.getOrError(1, { with: ['posts'] })).posts).toMatchTypeOf<Post[]>()
  expectTypeOf((await User.getOrError(1, new Error('none'), { with: ['posts'] })).posts).toMatchTypeOf<Post[]>()
  expectTypeOf((await User.first({ name: 'Ada' }, { with: ['posts'] }))?.posts[0]?.title).toEqualTypeOf<string | undefined>()
  expectTypeOf((await User.firstOrError({ name: 'Ada' }, { with: ['posts'] })).posts.length).toEqualTypeOf<number>()
  const page = await Post.paginate({ page: 2, with: ['author'] })
  expectTypeOf(page.items[0]?.author?.name).toEqualTypeOf<string | undefined>()
  expectTypeOf(await User.get(1)).toEqualTypeOf<User | null>()
  expectTypeOf(await User.get(1, { forUpdate: true })).toEqualTypeOf<User | null>()
  expectTypeOf((await db.session.get(User, 1, { with: ['posts'] }))?.posts.length).toEqualTypeOf<number | undefined>()
  const plain = await User.getOrError(1)
  // @ts-expect-error it was not asked for
  void plain.posts.length
  // @ts-expect-error no relation of that name
  void User.get(1, { with: ['nope'] })
  // @ts-expect-error a column is no relation
  void User.first({ name: 'Ada' }, { with: ['name'] })
  // @ts-expect-error a list is needed
  void User.paginate({ with: 'posts' })
}
void options

// ---------------------------------------------------------------------------------------------- load

async function loads(): Promise<void> {
  const user = await User.getOrError(1)
  const loaded = await user.load('posts', 'posts.tags')
  expectTypeOf(loaded.posts.map(({ tags }) => tags.length)).toEqualTypeOf<number[]>()
  await loaded.update({ name: 'x' })
  expectTypeOf((await User.get(1).load('posts')).posts.length).toEqualTypeOf<number>()
  expectTypeOf((await (await Post.getOrError(1)).load('author')).author).toEqualTypeOf<User | null>()
  // @ts-expect-error no relation of that name
  void user.load('nope')
  // @ts-expect-error a column is no relation
  void user.load('name')
  // @ts-expect-error no relation of that name
  void User.get(1).load('nope')
}
void loads

// ---------------------------------------------------------------------------------------------- keys

void Post.filter({ authorId: 7 }).filter({ authorId: oneOf([1, 2]) })
void Post.filter({ author: 7 })
// Known beside the relation, declared or not.
void Tag.filter({ makerId: 7 })
void Tag.filter({ makerId: gt(7) })
void Tag.filter((tag) => tag.makerId.eq(7))
void Tag.create({ label: 'x', makerId: 7 }, { unguarded: true })
// @ts-expect-error a number is needed
void Tag.filter({ makerId: 'x' })
// @ts-expect-error only for values that no client chose
void Tag.create({ label: 'x', makerId: 7 })
// @ts-expect-error no relation of that name
void Tag.filter({ ownerId: 7 })

// ---------------------------------------------------------------------------------------------- attach, detach, sync, count

declare const post: Post
declare const tag: Tag
declare const user: User
expectTypeOf(post.attach('tags', tag, 7, '8', [tag, 9], { id: 7 }).then((each) => each)).toEqualTypeOf<Promise<Post>>()
void post.detach('tags')
void post.sync('tags', [])
void Post.get(1).attach('tags', tag).sync('tags', 1)
expectTypeOf(user.count('posts')).toEqualTypeOf<Promise<number>>()
expectTypeOf((await Post.paginateByCursor({ first: 3, with: ['author'] })).items[0]?.author?.name).toEqualTypeOf<string | undefined>()
// @ts-expect-error it leads to one
void post.attach('author', user)
// @ts-expect-error it is no relation
void post.count('title')
// @ts-expect-error it is no tag
void post.attach('tags', user)
// @ts-expect-error it is no tag
void Post.get(1).sync('tags', [user])
// @ts-expect-error it is no key
void post.attach('tags', true)
