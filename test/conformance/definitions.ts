import { ActiveAlchemy, BaseModel, Model, Query } from '@active-alchemy/core'
import { Column, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, type Store } from './store.ts'
import { latch } from './world.ts'

/** How models are defined, named, and made into tables. */
export function definitionRows(database: TestDatabase): void {
  const row = (title: string, run: (store: Store) => Promise<void>, options = {}): void => {
    it(title, () => inStore(database, run, options))
  }
  const tables = async (db: ActiveAlchemy): Promise<string[]> => (await db.reflect()).map(({ name }) => name.split('.').at(-1) ?? '').sort()

  row(
    'createAll creates what is missing, alters nothing, and may be called again and at once',
    async ({ db, User, statements, another }) => {
      await User.create({ name: 'kept' })
      statements.length = 0
      await Promise.all([db.createAll(), db.createAll()])
      expect(statements.filter((sql) => /^(create|alter|drop)/i.test(sql))).toEqual([])
      expect(await User.count()).toBe(1)
      if (database.lacks['a connection for each session']) return
      const others = [another(), another()]
      for (const other of others) void class Late extends other.Model('Late', { text: other.Column(other.String(5)) }) {}
      await Promise.all(others.map((other) => other.createAll()))
      expect(await tables(db)).toContain('late')
    },
  )

  row('dropAll drops every table of the models, also those that refer to one another, and no other', async ({ db, User, Post, raw }) => {
    class Left extends db.Model('Left', { name: db.Column(db.String(5)) }) {
      static relations = this.relate({ right: db.ManyToOne(() => Right, { nullable: true }) })
    }
    class Right extends db.Model('Right', { name: db.Column(db.String(5)) }) {
      static relations = this.relate({ left: db.ManyToOne(() => Left, { nullable: true }) })
    }
    await db.createAll()
    await raw('create table stranger (id integer)')
    await Post.create({ title: 'x', author: await User.create({ name: 'a' }) })
    await Left.create({ name: 'l', right: await Right.create({ name: 'r' }) } as never)
    expect(await tables(db)).toEqual(['country', 'left', 'post', 'post_tags_tag', 'right', 'stranger', 'tag', 'user'])
    await db.dropAll()
    expect(await tables(db)).toEqual(['stranger'])
    await db.createAll()
    expect(await User.count()).toBe(0)
  })

  row('table and column names are snake case, unless they are given', async ({ db, raw }) => {
    class TodoList extends db.Model('TodoList', {
      dueDate: db.Column(db.Date, { nullable: true }),
      b: db.Column(db.Integer, { name: 'other_name', default: 1 }),
    }) {}
    class Named extends db.Model('Named', { text: db.Column(db.Text) }, { tableName: 'something_else' }) {}
    class Same extends db.Model('Same', { text: db.Column(db.Text) }) {
      static override readonly tableName = 'something_else'
    }
    class _Private extends db.Model {
      @db.Column(db.String(5)) declare text: string
    }
    await db.createAll()
    expect(await tables(db)).toEqual(expect.arrayContaining(['todo_list', 'something_else', 'private']))
    await TodoList.create({ dueDate: '2026-01-01' })
    expect(await raw('select due_date, other_name from todo_list')).toHaveLength(1)
    await Named.create({ text: 'x' })
    expect(await Same.count()).toBe(1)
    await _Private.create({ text: 'x' })
  })

  row('decorators of ours and of TypeORM, on one class and beside one another', async ({ db }) => {
    class Author extends db.Model {
      @db.Column(db.String(25)) declare name: string
      @db.Column(db.Integer, { nullable: true }) declare age: number | null
      @db.OneToMany(() => Book, 'author') declare books: Book[]
    }
    class Book extends db.Model {
      @db.Column(db.String(80)) declare title: string
      @Column({ type: 'int', default: 1 }) declare edition: number
      @db.ManyToOne(() => Author, 'books') declare author: Author
    }
    await db.createAll()
    const author = await Author.create({ name: 'Ada' })
    const book = await Book.create({ title: 'One', author })
    expect(await Book.get(book.id)).toMatchObject({ title: 'One', edition: 1 })
    expect(await Author.query().leftJoinAndSelect('author.books', 'book').one()).toMatchObject({ books: [{ title: 'One' }] })
  })

  row('entities of plain TypeORM live beside the models, in the same session', async (store) => {
    @Entity()
    class Plain {
      @PrimaryGeneratedColumn() declare id: number
      @Column({ type: 'varchar', length: 20 }) declare text: string
      @OneToMany(
        () => Child,
        (child: Child) => child.plain,
      )
      declare children: Child[]
    }
    @Entity()
    class Child {
      @PrimaryGeneratedColumn() declare id: number
      @ManyToOne(
        () => Plain,
        (plain) => plain.children,
      )
      declare plain: Plain
    }
    if (database.lacks['a connection for each session']) return
    const other = store.another({ models: [Plain, Child] })
    await other.createAll()
    await other
      .run(async () => {
        await other.dataSource.getRepository(Plain).save({ text: 'lost' })
        throw new Error('undo')
      })
      .catch(() => undefined)
    await other.run(async () => {
      const plain = await other.dataSource.getRepository(Plain).save({ text: 'kept' })
      await other.dataSource.getRepository(Child).save({ plain })
    })
    expect(await other.query(Plain).filter({ text: 'kept' }).all()).toHaveLength(1)
    expect(await other.query(Plain).leftJoinAndSelect('plain.children', 'child').one()).toMatchObject({ children: [{}] })
    expect(await other.query(Plain).paginate({ perPage: 1 })).toMatchObject({ total: 1 })
  })

  row('metadata, SQL and names need no connection', async ({ db, User }) => {
    const cold = new ActiveAlchemy('sqlite:////nowhere/never.db')
    class Thing extends cold.Model('Thing', { text: cold.Column(cold.String(5)) }) {}
    expect(cold.metadata.map(({ tableName }) => tableName)).toEqual(['thing'])
    expect(Thing.filter({ text: 'x' }).getSql()).toMatch(/^SELECT .*thing/)
    expect(db.metadata.map(({ name }) => name)).toEqual(expect.arrayContaining(['User', 'Post', 'Tag', 'Country']))
    expect(User.query().alias).toBe('user')
    await cold.close()
  })

  row('a model may be defined late, after the database was used', async ({ db, User }) => {
    await User.count()
    class Late extends db.Model('Late', { text: db.Column(db.String(5)) }) {}
    await db.createAll()
    expect(await Late.create({ text: 'x' })).toMatchObject({ id: 1 })
  })

  row('a database may be configured after its models, once', async () => {
    const late = new ActiveAlchemy()
    class Thing extends late.Model('Thing', { text: late.Column(late.String(5)) }) {}
    expect(late.configure('sqlite://', { name: 'late' })).toBe(late)
    expect(() => late.configure('sqlite://')).toThrow(expect.objectContaining({ code: 'ALREADY_CONFIGURED' }) as Error)
    await late.createAll()
    await Thing.create({ text: 'x' })
    expect(() => new ActiveAlchemy(undefined as unknown as string)).toThrow(/DATABASE_URL/)
    await late.close()
  })

  row('two databases have models of one name, and never meet', async ({ db, User }) => {
    const second = new ActiveAlchemy('sqlite://')
    class OtherUser extends second.Model('User', { nick: second.Column(second.String(5)) }) {}
    await second.createAll()
    await db.run(async () => {
      await User.create({ name: 'first' })
      await OtherUser.create({ nick: 'other' })
    })
    expect([await User.count(), await OtherUser.count()]).toEqual([1, 1])
    expect(Object.keys((await OtherUser.query().one()).toDict())).not.toContain('name')
    await second.close()
  })

  row('what is wrong with a model is told where it is defined', async ({ db }) => {
    const wrong = (define: () => unknown, text: RegExp): void => expect(define).toThrow(text)
    wrong(() => db.Model('User', {}), /User.*already/)
    wrong(() => db.Column('text' as never), /data type/)
    wrong(() => db.Column(db.Text, { nullabel: true } as never), /nullabel/)
    wrong(() => db.Column(db.Integer, { default: 1, serverDefault: '1' }), /either default or serverDefault/)
    wrong(() => db.Model('Clash', { save: db.Column(db.Integer) }), /save.*verb/)
  })

  row('a class field that would erase the values of a column is explained', async ({ db }) => {
    // What a compiler with useDefineForClassFields makes of `name!: string`.
    class Erased extends db.Model('Erased', { text: db.Column(db.String(5)) }) {
      constructor(values?: { text: string }) {
        super(values)
        Object.defineProperty(this, 'text', { value: undefined, writable: true, enumerable: true, configurable: true })
      }
    }
    expect(() => new Erased({ text: 'x' })).toThrow(/class field text.*declare text/s)
  })

  row('a class whose name a bundler has shortened needs its table name', async ({ db }) => {
    const define = (): unknown => {
      class e extends db.Model {
        @db.Column(db.String(5)) declare text: string
      }
      return e
    }
    expect(define).toThrow(/minified.*tableName/s)
  })

  row('a composite key, and a key named by a setting', async ({ db }) => {
    class Line extends db.BaseModel('Line', {
      order: db.Column(db.Integer, { primary: true }),
      position: db.Column(db.Integer, { primary: true }),
      text: db.Column(db.String(5)),
    }) {}
    class Place extends db.BaseModel('Place', { code: db.Column(db.String(5)), text: db.Column(db.String(5)) }, { primaryKey: 'code' }) {}
    class Token extends db.BaseModel('Token', { id: db.Column(db.UUID, { primary: true, generated: 'uuid' }), n: db.Column(db.Integer) }) {}
    await db.createAll()
    await Line.createMany([
      { order: 1, position: 1, text: 'a' },
      { order: 1, position: 2, text: 'b' },
    ])
    const line = await Line.getOrError({ order: 1, position: 2 })
    await line.update({ text: 'c' })
    expect(await Line.query().orderBy('position').all()).toMatchObject([{ text: 'a' }, { text: 'c' }])
    await expect(Line.get(1)).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER', status: 400 })
    await Place.create({ code: 'x', text: 'y' })
    expect(await Place.get('x')).toMatchObject({ text: 'y' })
    const token = await Token.create({ n: 1 })
    expect(token.id).toMatch(/^[0-9a-f]{8}-/)
    expect(await Token.get(token.id)).toMatchObject({ n: 1 })
    expect(await Token.get(crypto.randomUUID())).toBeNull()
  })

  row('a subclass of a model has a table of its own', async ({ db, User }) => {
    class Admin extends User {
      @db.Column(db.Integer, { default: 1 }) declare level: number
    }
    await db.createAll()
    await Admin.create({ name: 'root' })
    expect([await Admin.count(), await User.count(), (await Admin.query().one()).level]).toEqual([1, 0, 1])
  })

  row('a bare class is registered by hand', async ({ db }) => {
    class Bare extends db.Model {}
    db.register(Bare)
    await db.createAll()
    expect(await Bare.create({})).toMatchObject({ id: 1 })
  })

  row(
    'a query class of the application has its methods',
    async ({ User }) => {
      await User.create({ name: 'a', points: 5 })
      const query = User.query() as unknown as Rich
      expect(await query.rich().count()).toBe(1)
      expect(query).toBeInstanceOf(Rich)
    },
    { queryClass: Rich },
  )

  row('db.session reads models', async ({ db, User }) => {
    const { id } = await User.create({ name: 'a' })
    await db.run(async () => {
      const user = await db.session.get(User, id)
      expect(await db.session.query(User).one()).toBe(user)
      expect(await db.session.get(User, 99)).toBeNull()
      if (user) await db.session.delete(user)
    })
    expect(await User.query({ includeDeleted: true }).count()).toBe(0)
  })

  row('instances are of their classes, and a database shows no password', async ({ User, db }) => {
    const user = new User({ name: 'a' })
    expect([user instanceof Model, user instanceof BaseModel, user instanceof db.Model]).toEqual([true, true, true])
    const { inspect } = await import('node:util')
    const secret = new ActiveAlchemy('postgresql://joe:s3cret@127.0.0.1:1/none')
    expect(`${inspect(secret)} ${JSON.stringify(secret)} ${JSON.stringify({ secret })}`).not.toContain('s3cret')
  })

  row('migrations run once, under a lock', async ({ another, raw }) => {
    if (database.lacks['a connection for each session']) return
    class First1700000000000 {
      async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
        await runner.query('create table migrated (id integer)')
        await runner.query('insert into migrated values (1)')
      }
      async down(): Promise<void> {}
    }
    const others = [another({ typeorm: { migrations: [First1700000000000] } }), another({ typeorm: { migrations: [First1700000000000] } })]
    const ran = await Promise.all(others.map((other) => other.migrate()))
    expect(ran.flat()).toHaveLength(1)
    expect(await raw('select * from migrated')).toHaveLength(1)
  })

  row('ping says whether the database answers, close ends it for good, and so does the end of a block', async ({ db, User, another }) => {
    expect(await db.ping()).toBe(true)
    const other = another()
    await other.close()
    await expect(other.ping()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    await other.close()
    await User.count()
    const block = new ActiveAlchemy('sqlite://')
    await block.createAll()
    const began = latch()
    const live = block.run(async () => {
      await block.dataSource.query('select 1')
      began.open()
      await new Promise((resolve) => setTimeout(resolve, 30))
      await block.dataSource.query('select 1')
    })
    await began.promise
    await block[Symbol.asyncDispose]()
    await live
    await expect(block.createAll()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  })
}

class Rich extends Query<{ points: number }> {
  rich(): this {
    return this.filter({ points: 5 })
  }
}
