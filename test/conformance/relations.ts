import { isNull } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** Relations: by our definitions, and by TypeORM's ways of loading and saving them. */
export function relationRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('a record takes a record, and its key is written with it', async ({ User, Post, db, sent }) => {
    const author = await User.create({ name: 'Ada' })
    let post = new Post()
    expect(await sent(async () => (post = await Post.create({ title: 'One', author })))).toHaveLength(1)
    expect(await Post.filter({ author }).one()).toMatchObject({ id: post.id })
    const other = await User.create({ name: 'Bob' })
    await post.update({ author: other })
    expect(await Post.filter({ author }).count()).toBe(0)
    await post.update({ author: null })
    expect(await Post.filter({ author: isNull() }).count()).toBe(1)
    const loaded = await db.dataSource.getRepository(Post).findOneOrFail({ where: { id: post.id }, relations: { author: true } })
    expect(loaded.author).toBeNull()
  })

  row('new records are written parents first, in one save', async ({ User, Post, db }) => {
    const post = new Post({ title: 'One' }).set({ author: new User({ name: 'Ada' }) })
    await post.save()
    expect(post.author?.id).toBe(1)
    await db.run(async () => {
      const author = new User({ name: 'Bob' })
      db.add(new Post({ title: 'Two' }).set({ author }), author, new Post({ title: 'Three' }).set({ author }))
    })
    expect(await User.query().all()).toHaveLength(2)
    const posts = await Post.query().with('author').orderBy('id').all()
    expect(posts.map(({ title, author }) => [title, author?.name])).toEqual([
      ['One', 'Ada'],
      ['Two', 'Bob'],
      ['Three', 'Bob'],
    ])
  })

  row('many-to-many is saved and loaded', async ({ Post, Tag, db }) => {
    const [first, second] = await Tag.createMany([{ label: 'a' }, { label: 'b' }])
    if (!first || !second) throw new Error('lost')
    const post = await Post.create({ title: 'One', tags: [first, second] })
    const repository = db.dataSource.getRepository(Post)
    const load = () => repository.findOneOrFail({ where: { id: post.id }, relations: { tags: true }, order: { tags: { label: 'ASC' } } })
    expect((await load()).tags.map(({ label }) => label)).toEqual(['a', 'b'])
    await db.run(async () => {
      const loaded = await load()
      loaded.tags = loaded.tags.slice(1)
      await loaded.save()
    })
    expect((await load()).tags.map(({ label }) => label)).toEqual(['b'])
    await second.delete()
    expect((await load()).tags).toEqual([])
  })

  row('a relation that leads nowhere is refused, and so is deleting what others need', async ({ User, Post, db }) => {
    const author = await User.create({ name: 'Ada' })
    await Post.create({ title: 'One', author })
    await expect(author.delete({ hardDelete: true })).rejects.toMatchObject({ code: 'FOREIGN_KEY', status: 409 })
    expect(await User.count()).toBe(1)
    await expect(db.run(() => author.delete({ hardDelete: true }).then(() => undefined))).rejects.toMatchObject({ code: 'FOREIGN_KEY' })
  })

  row('JSON follows relations that are loaded, and never in a circle', async ({ User, Post, db }) => {
    const author = await User.create({ name: 'Ada' })
    await Post.create({ title: 'One', author })
    const [loaded] = await db.dataSource.getRepository(User).find({ relations: { posts: { author: true } } })
    expect(JSON.parse(JSON.stringify(loaded))).toMatchObject({ name: 'Ada', posts: [{ title: 'One' }] })
    if (loaded?.posts[0]) loaded.posts[0].author = loaded
    expect(JSON.parse(JSON.stringify(loaded))).toMatchObject({ name: 'Ada', posts: [{ title: 'One' }] })
    expect(JSON.stringify({ a: author, b: author })).toMatch(/Ada.*Ada/)
  })

  row('one-to-one, eager and cascade are TypeORM, in the session', async ({ db }) => {
    class Profile extends db.Model('Profile', { text: db.Column(db.String(20)) }) {}
    class Member extends db.Model('Member', { name: db.Column(db.String(20)) }) {
      static relations = this.relate({
        profile: db.OneToOne(() => Profile, { joinColumn: true, eager: true, cascade: true, nullable: true }),
        notes: db.OneToMany(() => Remark, 'member', { cascade: true }),
      })
      declare profile: Profile | null
      declare notes: Remark[]
    }
    class Remark extends db.Model('Remark', { text: db.Column(db.String(20)) }) {
      static relations = this.relate({ member: db.ManyToOne(() => Member, 'notes', { nullable: true }) })
      declare member: Member | null
    }
    await db.createAll()
    const failing = db.run(async () => {
      await Member.create({ name: 'lost', profile: new Profile({ text: 'lost' }), notes: [new Remark({ text: 'lost' })] })
      throw new Error('undo')
    })
    await expect(failing).rejects.toThrow('undo')
    expect([await Member.count(), await Profile.count(), await Remark.count()]).toEqual([0, 0, 0])
    await Member.create({ name: 'kept', profile: new Profile({ text: 'p' }), notes: [new Remark({ text: 'r' })] })
    expect(await Member.query().first()).toMatchObject({ name: 'kept' })
    const found = await db.dataSource.getRepository(Member).findOneOrFail({ where: {}, relations: { notes: true } })
    expect(found).toMatchObject({ profile: { text: 'p' }, notes: [{ text: 'r' }] })
  })

  row('a foreign key that has a property beside its relation keeps in step with it', async ({ db }) => {
    class Land extends db.Model('Land', { name: db.Column(db.String(20)) }) {}
    class City extends db.Model('City', { name: db.Column(db.String(20)), countryId: db.Column(db.Integer, { nullable: true }) }) {
      static relations = this.relate({ country: db.ManyToOne(() => Land, { nullable: true, joinColumn: 'country_id' }) })
      declare country: Land | null
    }
    await db.createAll()
    const [here, there] = await Land.createMany([{ name: 'here' }, { name: 'there' }])
    if (!here || !there) throw new Error('lost')
    const load = (id: number): Promise<City> =>
      db.dataSource.getRepository(City).findOneOrFail({ where: { id }, relations: { country: true } })

    const byKey = await City.create({ name: 'by key', countryId: here.id })
    expect((await load(byKey.id)).country?.name).toBe('here')
    const byRecord = await City.create({ name: 'by record', country: here })
    expect(byRecord.countryId).toBe(here.id)
    const byNew = await new City({ name: 'by new' }).set({ country: new Land({ name: 'new' }) }).save()
    expect([byNew.countryId, byNew.toDict()['countryId'], byNew.toJSON()['countryId']]).toEqual(Array(3).fill(byNew.country?.id))

    // Each on a record that holds the other: the one that was changed is written.
    const loaded = await load(byKey.id)
    await loaded.update({ countryId: there.id })
    expect((await load(byKey.id)).country?.name).toBe('there')
    const again = await load(byKey.id)
    again.country = here
    await again.save()
    expect(again.countryId).toBe(here.id)
    expect((await load(byKey.id)).countryId).toBe(here.id)
    await again.update({ countryId: null })
    expect((await load(byKey.id)).country).toBeNull()

    expect(await City.filter({ countryId: here.id }).count()).toBe(1)
    expect(await City.filter({ country: here }).count()).toBe(1)
    expect(byKey.changes).toEqual({})
  })

  row('a cycle of new records is refused with its names', async ({ db }) => {
    class Left extends db.Model('Left', { name: db.Column(db.String(5)) }) {
      static relations = this.relate({ right: db.ManyToOne(() => Right, { nullable: true }) })
      declare right: Right | null
    }
    class Right extends db.Model('Right', { name: db.Column(db.String(5)) }) {
      static relations = this.relate({ left: db.ManyToOne(() => Left, { nullable: true }) })
      declare left: Left | null
    }
    await db.createAll()
    const left = new Left({ name: 'l' })
    const right = new Right({ name: 'r' }).set({ left })
    left.right = right
    await expect(left.save()).rejects.toThrow(/Left → Right/)
  })

  row('a rollback takes back who a record belongs to, and leaves the other record as it is', async ({ db, User, Post }) => {
    const [ada, bob] = await User.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    if (!ada || !bob) throw new Error('No users')
    const keys = [ada.id, bob.id]
    const post = await Post.create({ title: 'a', author: ada })
    for (const author of [bob, null]) {
      await db.run(async () => {
        await post.update({ author, title: 'undone' })
        await db.rollback()
      })
      // Who it was before is no longer known to the object, as where it was not loaded.
      expect([post.title, post.author, post.isDirty]).toEqual(['a', undefined, false])
      expect([ada.id, bob.id, ada.isDirty, bob.isDirty]).toEqual([...keys, false, false])
      expect(await Post.count({ author: ada })).toBe(1)
    }
    await post.update({ author: null })
    await db.run(async () => {
      await post.update({ author: bob })
      await db.rollback()
    })
    expect([post.author, bob.id, await Post.count({ author: isNull() })]).toEqual([null, bob.id, 1])
  })

  row('a record that is read again with another owner leaves the one that it had as it is', async ({ db, User, Post }) => {
    const [ada, bob] = await User.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    if (!ada || !bob) throw new Error('No users')
    const keys = [ada.id, bob.id]
    await db.run(async () => {
      const post = await Post.create({ title: 'a', author: ada })
      await Post.filter({ id: post.id }).updateAll({ author: bob })
      const [again] = await Post.query().with('author').all()
      expect(again).toBe(post)
      expect([post.author?.name, ada.name, ada.id, bob.id]).toEqual(['Bob', 'Ada', ...keys])
    })
  })
}
