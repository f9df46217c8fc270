import { ActiveAlchemy, BaseModel, Model, Query } from '@active-alchemy/core'
import { Column, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'
import { latch } from './world.ts'

/** How models are defined, named, and made into tables. */
export function definitionRows(database: TestDatabase): void {
  const row = rowIn(database)
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
    expect(await Author.query().with('books').one()).toMatchObject({ books: [{ title: 'One' }] })
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
    expect(
      await other
        .query(Plain)
        .with('children' as never)
        .one(),
    ).toMatchObject({ children: [{}] })
    expect(await other.query(Plain).paginate({ perPage: 1 })).toMatchObject({ total: 1 })
  })

  row('metadata, SQL and names need no connection', async ({ db }) => {
    const cold = new ActiveAlchemy('sqlite:////nowhere/never.db')
    class Thing extends cold.Model('Thing', { text: cold.Column(cold.String(5)) }) {}
    expect(cold.metadata.map(({ tableName }) => tableName)).toEqual(['thing'])
    expect(Thing.filter({ text: 'x' }).toSQL().text).toMatch(/^SELECT .*thing/)
    expect(db.metadata.map(({ name }) => name)).toEqual(expect.arrayContaining(['User', 'Post', 'Tag', 'Country']))
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
    wrong(() => db.Model('Clash', { save: db.Column(db.Integer) as never }), /save.*verb/)
  })

  row('what is no definition is refused with the remedy', async ({ db, User }) => {
    const define = db.Model as unknown as (...parameters: unknown[]) => unknown
    const wrong: readonly [unknown[], RegExp][] = [
      [[], /name is no text/],
      [[''], /name is no text/],
      [['A'], /no columns/],
      [['A', null], /no columns/],
      [['A', { a: 'text' }], /a is no column.*db\.Column/],
      [['A', { a: db.Integer }], /a is no column.*db\.Column/],
      [['A', { user: db.ManyToOne(() => User) }], /user .*relation.*this\.relate/],
      [['A', { load: db.Column(db.Integer) }], /load.*verb/],
      [['A', {}, { table: 'x' }], /no setting table.*tableName/],
      [['A', {}, null], /settings/],
    ]
    for (const [parameters, text] of wrong) {
      expect(() => define(...parameters)).toThrow(
        expect.objectContaining({ code: 'MODEL_DEFINITION', message: expect.stringMatching(text) }) as Error,
      )
    }
    expect(() => {
      class Clash extends db.Model {
        @db.Column(db.Integer) declare toDict: never
      }
      return Clash
    }).toThrow(/toDict.*verb/)
    expect(() => {
      class Clash extends db.Model('Clash', {}) {
        static relations = this.relate({ load: db.ManyToOne(() => User) })
      }
      return Clash
    }).toThrow(/load.*verb/)
    expect(() => db.Model('Open', { secret: db.Column(db.Text) }, { hidden: ['secrets'] as never }) && db.metadata).toThrow(
      /hidden names secrets.*It has .*secret/,
    )
  })

  row('a model needs a key, which is asked for in words', async ({ db, another }) => {
    db.BaseModel('Keyless', { name: db.Column(db.Text) })
    await expect(db.createAll()).rejects.toThrow(/Keyless.*no key.*primary: true.*primaryKey/)
    const other = another()
    other.BaseModel('Misspelt', { code: other.Column(other.Text) }, { primaryKey: 'cod' })
    await expect(other.createAll()).rejects.toThrow(/primaryKey names cod.*It has code/)
  })

  row('statics in the body of a class count from its first use, and are refused after createAll', async ({ db, another, raw }) => {
    class Early extends db.Model('Early', { a: db.Column(db.Integer), b: db.Column(db.Integer, { default: 1 }) }) {
      static override readonly tableName = 'first_table'
      static readonly relations = { parent: db.ManyToOne(() => Early, { nullable: true }) }
      static override readonly hidden = ['b']
      declare parent: Early | null
    }
    db.register(Early)
    await db.createAll()
    const parent = await Early.create({ a: 1 })
    await Early.create({ a: 2, parent })
    expect(await raw('select parent_id from first_table order by id')).toEqual([{ parent_id: null }, { parent_id: 1 }])
    expect(parent.toDict()).not.toHaveProperty('b')

    const late = another()
    class Table extends late.Model('Table', { a: late.Column(late.Integer) }) {
      static override readonly tableName = 'late_table'
    }
    class Linked extends late.Model('Linked', { a: late.Column(late.Integer) }) {
      static readonly relations = { parent: late.ManyToOne(() => Linked) }
    }
    class Shown extends late.Model('Shown', { a: late.Column(late.Integer), b: late.Column(late.Integer, { default: 1 }) }) {
      static override readonly hidden = ['b']
      static override readonly fillable = ['a']
    }
    // It says what is known already.
    class Nation extends late.BaseModel('Nation', { code: late.Column(late.String(2), { primary: true }) }) {
      static override readonly primaryKey = 'code'
    }
    class Moved extends late.Model('Moved', { a: late.Column(late.String(5), { default: '' }) }) {
      static override readonly primaryKey = 'a'
    }
    await late.createAll()
    expect(await (await Nation.create({ code: 'IS' })).reload()).toMatchObject({ code: 'IS' })
    await expect(Moved.count()).rejects.toThrow(/Moved.*primaryKey.*after createAll/)
    for (let time = 0; time < 2; time++) {
      await expect(Table.create({ a: 1 })).rejects.toThrow(/Table.*tableName.*after createAll.*db\.Model\('Table', columns, { tableName/)
      await expect(Linked.count()).rejects.toThrow(/Linked.*relations.*after createAll.*this\.relate/)
    }
    expect((await Shown.create({ a: 1 })).toDict()).not.toHaveProperty('b')
    await expect(Shown.create({ a: 1, b: 2 })).rejects.toMatchObject({ code: 'PROTECTED_COLUMN' })
  })

  row('a default of a column is a value of each record', async ({ db }) => {
    let calls = 0
    class Thing extends db.Model('Thing', {
      list: db.Column(db.JSONType<number[]>(), { default: [1] }),
      made: db.Column(db.Integer, { default: () => ++calls }),
      served: db.Column(db.Integer, { serverDefault: '7' }),
      none: db.Column(db.Integer, { nullable: true, default: null }),
      zero: db.Column(db.Integer, { default: 0 }),
      empty: db.Column(db.String(5), { default: '' }),
      no: db.Column(db.Boolean, { default: false }),
    }) {}
    await db.createAll()
    const first = await Thing.create({})
    first.list.push(2)
    await first.save()
    expect(await Thing.create({})).toMatchObject({ list: [1], made: 2, served: 7, none: null, zero: 0, empty: '', no: false })
    expect(await Thing.get(first.id)).toMatchObject({ list: [1, 2], made: 1, served: 7 })
  })

  row('the database makes keys of 32 bits, of 64 bits and as a UUID', async ({ db }) => {
    class Small extends db.BaseModel('Small', {
      key: db.Column(db.Integer, { primary: true, generated: true }),
      x: db.Column(db.Integer),
    }) {}
    class Large extends db.BaseModel('Large', {
      key: db.Column(db.BigInteger, { primary: true, generated: true }),
      x: db.Column(db.Integer),
    }) {}
    class Unique extends db.BaseModel('Unique', {
      key: db.Column(db.UUID, { primary: true, generated: 'uuid' }),
      x: db.Column(db.Integer),
    }) {}
    await db.createAll()
    expect((await Small.create({ x: 1 })).key).toBe(1)
    const large = await Large.create({ x: 1 })
    expect(large.key).toBe(1n)
    expect(await large.update({ x: 2 })).toMatchObject({ key: 1n })
    expect(await Large.get('1')).toMatchObject({ key: 1n, x: 2 })
    const { key } = await Unique.create({ x: 1 })
    expect(await Unique.get(key)).toMatchObject({ key, x: 1 })
  })

  row('a model of another database is refused, and so is one of none', async ({ db, another, User }) => {
    const other = another()
    class Foreign extends other.Model('Foreign', { a: other.Column(other.Integer) }) {}
    const refused = expect.objectContaining({
      code: 'MODEL_DEFINITION',
      message: expect.stringMatching(/Foreign.*another database/),
    }) as Error
    expect(() => db.query(Foreign)).toThrow(refused)
    await db.run(async () => {
      expect(() => db.session.query(Foreign)).toThrow(refused)
      expect(() => db.session.get(Foreign, 1)).toThrow(refused)
      expect(() => db.add(new Foreign({ a: 1 }))).toThrow(refused)
    })
    class Loose extends Model {}
    expect(() => Loose.query()).toThrow(/Loose.*no database.*db\.Model/)
    await expect(Loose.get(1)).rejects.toThrow(/Loose.*no database/)
    expect(await User.count()).toBe(0)
  })

  row('a constructor of a model may be called without values', async ({ db }) => {
    class Strict extends db.Model('Strict', { a: db.Column(db.Integer) }) {
      constructor({ a }: { a: number }) {
        super({ a })
      }
    }
    expect(() => new Strict({ a: 1 })).toThrow(/Strict.*constructor fails without values/)
  })

  row('a class field that would erase the values of a column is explained', async ({ db, another }) => {
    // What a compiler with useDefineForClassFields makes of `name!: string`.
    class Erased extends db.Model('Erased', { text: db.Column(db.String(5)) }) {
      constructor(values?: { text: string }) {
        super(values)
        Object.defineProperty(this, 'text', { value: undefined, writable: true, enumerable: true, configurable: true })
      }
    }
    expect(() => new Erased({ text: 'x' })).toThrow(/class field text.*declare text/s)

    const erasing = { value: undefined, writable: true, enumerable: true, configurable: true }
    class Related extends db.Model('Related', { text: db.Column(db.String(5)) }) {
      static relations = this.relate({ parent: db.ManyToOne(() => Related, { nullable: true }) })
      constructor(values?: { text: string }) {
        super(values)
        Object.defineProperty(this, 'parent', erasing)
      }
    }
    expect(() => new Related({ text: 'x' })).toThrow(/class field parent.*declare parent/s)
    const other = another()
    class Plain extends other.Model {
      @Column({ type: 'varchar', length: 5 }) declare text: string
      constructor(values?: { text: string }) {
        super(values)
        Object.defineProperty(this, 'text', erasing)
      }
    }
    // Plain TypeORM sets such fields after the constructor.
    expect(() => new Plain()).not.toThrow()
    expect(() => new Plain({ text: 'x' })).toThrow(/class field text.*declare text/s)
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

  row(
    'migrations run once, under a lock',
    async ({ another, raw }) => {
      class First1700000000000 {
        async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
          await runner.query('create table migrated (id integer)')
          await runner.query('insert into migrated values (1)')
        }
        async down(): Promise<void> {}
      }
      const others = [
        another({ typeorm: { migrations: [First1700000000000] } }),
        another({ typeorm: { migrations: [First1700000000000] } }),
      ]
      const ran = await Promise.all(others.map((other) => other.migrate()))
      expect(ran.flat()).toHaveLength(1)
      expect(await raw('select * from migrated')).toHaveLength(1)
    },
    undefined,
    'a connection for each session',
  )

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
