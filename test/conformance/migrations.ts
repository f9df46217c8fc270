import { ActiveAlchemy } from '@active-alchemy/core'
import { Column } from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'

/** A database that is opened several times, as new versions of one application open it. */
interface Versions {
  /** Opens it with the models that `define` makes. */
  readonly open: <Models>(
    define: (db: ActiveAlchemy) => Models,
    migrations?: readonly Migration[],
  ) => { readonly db: ActiveAlchemy; readonly models: Models }
}

type Migration = new () => { up(runner: Asked): Promise<void>; down(runner: Asked): Promise<void> }

interface Asked {
  query(sql: string): Promise<unknown>
}

async function inVersions(database: TestDatabase, work: (versions: Versions) => Promise<void>): Promise<void> {
  const fresh = await database.create()
  const opened: ActiveAlchemy[] = []
  try {
    await work({
      open(define, migrations = []) {
        const db = new ActiveAlchemy(fresh.uri, { poolSize: 2, typeorm: { migrations: [...migrations] } })
        opened.push(db)
        return { db, models: define(db) }
      },
    })
  } finally {
    for (const db of opened) await db.close()
    await fresh.drop()
  }
}

/** A migration as `migration:generate` writes it. */
function migration(up: readonly string[], down: readonly string[] = []): Migration {
  return class Change1700000000000 {
    readonly name = 'Change1700000000000'
    async up(runner: Asked): Promise<void> {
      for (const sql of up) await runner.query(sql)
    }
    async down(runner: Asked): Promise<void> {
      for (const sql of down) await runner.query(sql)
    }
  }
}

/** What brings the tables to the models of `db`, and back. */
async function difference(db: ActiveAlchemy): Promise<{ up: string[]; down: string[] }> {
  await db.ping()
  const { upQueries, downQueries } = await db.dataSource.driver.createSchemaBuilder().log()
  return { up: upQueries.map(({ query }) => query), down: downQueries.reverse().map(({ query }) => query) }
}

type OnDelete = 'CASCADE' | 'SET NULL' | 'RESTRICT' | undefined

/** A user with posts, and posts with tags; in the second version users and tags have one column more. */
const blog = (version: 1 | 2, onDelete: OnDelete) => (db: ActiveAlchemy) => {
  class User extends db.Model('User', { name: db.Column(db.String(25)) }) {}
  class Tag extends db.Model('Tag', { label: db.Column(db.String(25)) }) {}
  if (version === 2) for (const Class of [User, Tag]) Column('integer', { nullable: true })(Class.prototype, 'age')
  class Post extends db.Model('Post', { title: db.Column(db.String(25)) }) {
    static relations = this.relate({
      author: db.ManyToOne(() => User, { nullable: true, ...(onDelete && { onDelete }) }),
      tags: db.ManyToMany(() => Tag, { joinTable: true }),
    })
    declare author: User | null
    declare tags: Tag[]
  }
  return { User, Tag, Post }
}

async function written({
  db,
  models: { User, Tag, Post },
}: {
  db: ActiveAlchemy
  models: ReturnType<ReturnType<typeof blog>>
}): Promise<void> {
  await db.createAll()
  const author = await User.create({ name: 'a' })
  const tags = await Tag.createMany([{ label: 'x' }, { label: 'y' }])
  await db.dataSource.getRepository(Post).save(Object.assign(new Post({ title: 'p' }), { author, tags }))
}

/** Rows that refer to others: whose parent is there, and links. */
async function kept(db: ActiveAlchemy): Promise<unknown> {
  const posts: { n: number }[] = await db.dataSource.query('select count(*) as n from post where author_id is not null')
  const links: { n: number }[] = await db.dataSource.query('select count(*) as n from post_tags_tag')
  return [Number(posts[0]?.n), Number(links[0]?.n)]
}

/** Schema changes of a database that holds rows. */
export function migrationRows(database: TestDatabase): void {
  // A database in memory is gone when a second version of the application would open it.
  const inFile = database.lacks['a connection for each session'] === undefined ? it : it.skip

  for (const onDelete of ['CASCADE', 'SET NULL', 'RESTRICT', undefined] as const) {
    inFile(
      `a migration that changes a table keeps the rows and links that refer to it, with onDelete ${onDelete}, and so does its undo`,
      () =>
        inVersions(database, async ({ open }) => {
          await written(open(blog(1, onDelete)))
          const { up, down } = await difference(open(blog(2, onDelete)).db)
          expect(up.length).toBeGreaterThan(0)
          const { db } = open(blog(2, onDelete), [migration(up, down)])
          expect((await db.pendingMigrations()).map(({ name }) => name)).toEqual(['Change1700000000000'])
          expect(await db.migrate()).toHaveLength(1)
          expect(await db.pendingMigrations()).toEqual([])
          expect(await kept(db)).toEqual([1, 2])
          expect(await difference(db)).toEqual({ up: [], down: [] })

          await db.dataSource.undoLastMigration()
          expect(await kept(db)).toEqual([1, 2])
          await db.dataSource.runMigrations({ transaction: 'each' })
          await db.dataSource.undoLastMigration({ transaction: 'each' })
          expect(await kept(db)).toEqual([1, 2])
          await refusesOrphans(db)
        }),
    )

    inFile(`synchronize keeps the rows and links that refer to a changed table, with onDelete ${onDelete}`, () =>
      inVersions(database, async ({ open }) => {
        await written(open(blog(1, onDelete)))
        const { db } = open(blog(2, onDelete))
        await db.dataSource.synchronize()
        expect(await kept(db)).toEqual([1, 2])
        await refusesOrphans(db)
      }),
    )
  }

  inFile('TypeORM changes the schema on a connection of its own, also inside a scope, and keeps every row', () =>
    inVersions(database, async ({ open }) => {
      await written(open(blog(1, 'CASCADE')))
      const { db } = open(blog(2, 'CASCADE'))
      await db.run(() => db.dataSource.synchronize())
      expect(await kept(db)).toEqual([1, 2])
    }),
  )

  inFile('a migration that leaves rows without the row that they refer to is refused', () =>
    inVersions(database, async ({ open }) => {
      await written(open(blog(1, undefined)))
      const { db } = open(blog(1, undefined), [migration([`delete from ${database.name === 'postgres' ? '"user"' : 'user'}`])])
      await expect(db.migrate()).rejects.toMatchObject({ code: 'FOREIGN_KEY' })
      expect(await kept(db)).toEqual([1, 2])
      await refusesOrphans(db)
    }),
  )

  it('dropAll drops what refers to each other, and foreign keys hold for what comes after', () =>
    inVersions(database, async ({ open }) => {
      const first = open(blog(1, 'RESTRICT'))
      await written(first)
      await first.db.dropAll()
      await written(first)
      expect(await kept(first.db)).toEqual([1, 2])
      await refusesOrphans(first.db)
    }))
}

/** Foreign keys hold, on every connection of the pool. */
async function refusesOrphans(db: ActiveAlchemy): Promise<void> {
  const insert = "insert into post (title, author_id, created_at, updated_at) values ('orphan', 9999, '2026-01-01', '2026-01-01')"
  await Promise.all(
    Array.from({ length: 2 }, () => expect(db.run(() => db.dataSource.query(insert))).rejects.toMatchObject({ code: 'FOREIGN_KEY' })),
  )
}
