import { ActiveAlchemy } from '@active-alchemy/core'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import {
  DataSource,
  type DataSourceOptions,
  DefaultNamingStrategy,
  EventSubscriber,
  type InsertEvent,
  type TransactionCommitEvent,
} from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { run } from '../processes.ts'
import { Article, type Adopted, inAdopted, Label, Member, optionsOf, Topic, waysOf } from './adopted.ts'

/** What an application keeps of its data source: all of it was taken before the one line. */
function takenFrom(app: DataSource) {
  const articles = app.getRepository(Article)
  return {
    app,
    articles,
    members: app.getRepository(Member),
    labels: app.getRepository(Label),
    topics: app.getTreeRepository(Topic),
    manager: app.manager,
    custom: articles.extend({
      titled(mainTitle: string) {
        return this.save(this.create({ mainTitle }))
      },
    }),
  }
}
type Kept = ReturnType<typeof takenFrom>

/** Every way to write an article of the title `x`. */
const writes: Readonly<Record<string, (kept: Kept) => Promise<unknown>>> = {
  'a repository': ({ articles }) => articles.save({ mainTitle: 'x' }),
  'insert of a repository': ({ articles }) => articles.insert({ mainTitle: 'x' }),
  'a custom repository': ({ custom }) => custom.titled('x'),
  'a custom repository in a transaction': ({ manager, custom }) => manager.transaction((inner) => inner.withRepository(custom).titled('x')),
  'the manager': ({ manager }) => manager.save(Article, { mainTitle: 'x' }),
  'a builder of the data source': ({ app }) => app.createQueryBuilder().insert().into(Article).values({ mainTitle: 'x' }).execute(),
  'a builder of a repository': ({ articles }) => articles.createQueryBuilder().insert().values({ mainTitle: 'x' }).execute(),
  'a transaction of the data source': ({ app }) => app.transaction((manager) => manager.insert(Article, { mainTitle: 'x' })),
  'a transaction of the manager': ({ manager }) => manager.transaction((inner) => inner.getRepository(Article).save({ mainTitle: 'x' })),
  'a query runner': async ({ app }) => {
    const runner = app.createQueryRunner()
    await runner.connect()
    await runner.startTransaction()
    try {
      await runner.manager.save(Article, { mainTitle: 'x' })
      await runner.commitTransaction()
    } catch (error) {
      await runner.rollbackTransaction()
      throw error
    } finally {
      await runner.release()
    }
  },
  'SQL of the data source': ({ app }) => {
    const { driver } = app
    return app.query(`insert into ${driver.escape('article')} (${driver.escape('mainTitle')}) values ('x')`)
  },
  'an active record beside it': async ({ articles }) => {
    const writer = await Object.assign(new Member(), { fullName: 'Ada' }).save()
    await articles.save({ mainTitle: 'x', writer })
  },
}

/** Rows that an application wrote in its own time zone, before and after it was adopted. */
async function times(database: TestDatabase): Promise<{ before: string[]; after: string[]; now: boolean }> {
  const fresh = await database.create()
  const { output } = await run(
    { TZ: 'America/New_York', SHOP_OPTIONS: JSON.stringify(optionsOf(fresh.uri, { entities: [] })) },
    'processes/adopted-times.js',
  )
  await fresh.drop()
  return JSON.parse(output) as Awaited<ReturnType<typeof times>>
}

/** Applications of plain TypeORM that are adopted by one line. */
export function adoptionRows(database: TestDatabase): void {
  const isSqlite = database.name.startsWith('sqlite')
  const row = (title: string, body: (adopted: Adopted, kept: Kept) => Promise<void>, options = {}): void => {
    for (const way of waysOf(database)) it(`${title} (${way})`, () => inAdopted(database, way, takenFrom, body, options))
  }

  row('every way of TypeORM to write joins the session: it sees and shares its fate', async ({ db }, kept) => {
    const { articles } = kept
    for (const write of Object.values(writes)) {
      await articles.createQueryBuilder().delete().execute()
      await kept.members.createQueryBuilder().delete().execute()
      const work = db.run(async () => {
        await articles.save({ mainTitle: 'first' })
        await write(kept)
        expect([await articles.count(), await db.query(Article).count()]).toEqual([2, 2])
        throw new Error('undo')
      })
      await expect(work).rejects.toThrow('undo')
      expect([await articles.count(), await Member.count()]).toEqual([0, 0])
      await db.run(() => write(kept))
      await write(kept)
      expect(await articles.countBy({ mainTitle: 'x' })).toBe(2)
    }
  })

  row('trees, schemas and soft delete do what they did', async ({ db }, { topics, labels, members }) => {
    await db.run(async () => {
      const root = await topics.save(topics.create({ name: 'root', below: [topics.create({ name: 'leaf' })] }))
      expect((await topics.findDescendants(root)).map(({ name }) => name)).toEqual(['root', 'leaf'])
      expect(await topics.findTrees()).toMatchObject([{ name: 'root', below: [{ name: 'leaf' }] }])
      const { id } = await labels.save({ word: 'new' })
      expect(await labels.findOneBy({ id })).toEqual({ id, word: 'new' })
      const ada = await members.save(members.create({ fullName: 'Ada' }))
      await members.softRemove(ada)
      expect([await members.count(), await members.count({ withDeleted: true })]).toEqual([0, 1])
    })
    expect([await topics.count(), await labels.count(), await members.count({ withDeleted: true })]).toEqual([2, 1, 1])
  })

  row('explicit transactions are savepoints in a scope: a rollback undoes its part alone', async ({ db }, { app, articles }) => {
    await db.run(async () => {
      await articles.save({ mainTitle: 'kept' })
      const runner = app.createQueryRunner()
      await runner.startTransaction()
      await runner.manager.save(Article, { mainTitle: 'undone' })
      await runner.rollbackTransaction()
      await runner.release()
    })
    expect(await articles.find()).toMatchObject([{ mainTitle: 'kept' }])
  })

  row('a write that nobody awaits is waited for, and its failure fails the scope', async ({ db }, { articles }) => {
    await db.run(async () => void articles.save({ mainTitle: 'x' }))
    expect(await articles.count()).toBe(1)
    const insert = () => articles.insert({ mainTitle: () => 'null' })
    await expect(db.run(async () => void insert())).rejects.toMatchObject({ code: 'NOT_NULL' })
  })

  row('models live beside its entities', async ({ db }, { members }) => {
    class Invoice extends db.Model('Invoice', { totalSum: db.Column(db.Integer) }) {}
    await db.createAll()
    await db.run(async () => {
      await members.save({ fullName: 'Ada' })
      await Invoice.create({ totalSum: 7 })
    })
    const table = db.metadata.find(({ tableName }) => tableName === 'invoice')
    expect(table?.columns.map(({ databaseName }) => databaseName)).toContain('total_sum')
    expect([await members.count(), await Invoice.count()]).toEqual([1, 1])
  })

  row(
    'the result cache answers again, but not once the session has written',
    async ({ db }, { articles }) => {
      await articles.insert({ mainTitle: 'a' })
      const titles = async () => (await articles.find({ cache: 60_000 })).map(({ mainTitle }) => mainTitle)
      expect(await titles()).toEqual(['a'])
      await articles.update({ mainTitle: 'a' }, { mainTitle: 'b' })
      expect(await titles()).toEqual(['a'])
      await db.run(async () => {
        await articles.insert({ mainTitle: 'c' })
        expect((await titles()).sort()).toEqual(['b', 'c'])
      })
    },
    { typeorm: { cache: true } },
  )

  class Upper extends DefaultNamingStrategy {
    override columnName(property: string, custom: string): string {
      return (custom || property).toUpperCase()
    }
  }
  row(
    'names stay as its strategy makes them',
    async ({ db, app }, { articles }) => {
      await db.run(() => articles.save({ mainTitle: 'x' }))
      const [name] = [app.driver.escape('MAINTITLE')]
      expect(await app.query(`select ${name} as title from ${app.driver.escape('article')}`)).toMatchObject([{ title: 'x' }])
    },
    { typeorm: { namingStrategy: new Upper() } },
  )

  const heard: string[] = []
  class Witness {
    afterInsert({ entity }: { readonly entity: object }) {
      heard.push(`insert ${entity.constructor.name}`)
    }
    afterTransactionCommit() {
      heard.push('commit')
    }
  }
  EventSubscriber()(Witness)
  row(
    'its subscribers hear of each write once, and of the commit when it has happened',
    async ({ db, app }, { articles }) => {
      app.subscribers.push({ listenTo: () => Article, beforeInsert: () => void heard.push('pushed') })
      heard.length = 0
      await db.run(async () => {
        await articles.save(articles.create({ mainTitle: 'x' }))
        expect(heard).toEqual(['pushed', 'insert Article'])
      })
      expect(heard).toEqual(['pushed', 'insert Article', 'commit'])
    },
    { typeorm: { subscribers: [Witness] } },
  )

  const sent: string[] = []
  const titlesOf = (data: Record<string, unknown>): string[] => (data['titles'] ??= []) as string[]
  /** As applications do: it keeps what was inserted at the query runner, until it hears of the commit. */
  class Courier {
    listenTo() {
      return Article
    }
    afterInsert({ entity, queryRunner }: InsertEvent<Article>) {
      titlesOf(queryRunner.data).push(entity.mainTitle)
    }
    beforeTransactionCommit({ queryRunner }: TransactionCommitEvent) {
      for (const title of titlesOf(queryRunner.data)) sent.push(`before ${title}`)
    }
    afterTransactionCommit({ queryRunner }: TransactionCommitEvent) {
      sent.push(...titlesOf(queryRunner.data).splice(0))
    }
  }
  EventSubscriber()(Courier)
  row(
    'a subscriber finds at the commit what it has kept at its query runner, of all that is committed',
    async ({ db, app }, { articles, manager }) => {
      const byHand = async (title: string, end: 'commitTransaction' | 'rollbackTransaction') => {
        const runner = app.createQueryRunner()
        await runner.startTransaction()
        await runner.manager.save(articles.create({ mainTitle: title }))
        await runner[end]()
        await runner.release()
      }
      const write = async () => {
        await articles.save({ mainTitle: 'a repository' })
        await byHand('by hand', 'commitTransaction')
        await byHand('rolled back', 'rollbackTransaction')
        await manager.transaction((inner) => inner.save(Article, { mainTitle: 'a transaction' }))
        await manager
          .transaction(async (inner) => {
            await inner.save(Article, { mainTitle: 'undone' })
            throw new Error('no')
          })
          .catch(() => undefined)
      }
      const kept = ['a repository', 'a transaction', 'by hand']
      const heard = () => sent.splice(0).toSorted()
      heard()
      await write()
      const alone = heard()
      await db.run(async () => {
        await write()
        expect(heard()).toEqual([])
      })
      expect([alone, heard()]).toEqual(Array(2).fill([...kept, ...kept.map((title) => `before ${title}`)].toSorted()))
      const failed = db.run(async () => {
        await write()
        throw new Error('undo')
      })
      await expect(failed).rejects.toThrow('undo')
      await db.run(async () => {
        await articles.save({ mainTitle: 'first' })
        await db.commit()
        expect(heard()).toEqual(['before first', 'first'])
        await articles.save({ mainTitle: 'second' })
      })
      expect(heard()).toEqual(['before second', 'second'])
    },
    { typeorm: { subscribers: [Courier] } },
  )

  const lack = database.lacks['a connection for each session']
  it.skipIf(lack)(`times are those that it wrote, in a process of any time zone${lack ? ` (${lack})` : ''}`, async () => {
    const { before, after, now } = await times(database)
    expect(after).toEqual(before)
    expect(now).toBe(true)
  })

  row('may end and begin again', async ({ db, app }, { articles }) => {
    await articles.save({ mainTitle: 'x' })
    expect(app.isInitialized).toBe(true)
    await app.destroy()
    expect(app.isInitialized).toBe(false)
    expect(await app.initialize()).toBe(app)
    expect(await db.run(() => articles.count())).toBe(database.name === 'sqlite :memory:' ? 0 : 1)
  })

  row('shows nothing of its password', async ({ db, app }) => {
    const secret = 'pass-word-7'
    Object.assign(app.options, { password: secret })
    expect([inspect(app, { depth: 9 }), JSON.stringify(app), inspect(db), JSON.stringify(db)].join()).not.toContain(secret)
  })

  for (const way of waysOf(database)) {
    it(`may keep its entities, subscribers and migrations in files (${way})`, async () => {
      // In the folder of the tests, so that they find TypeORM.
      const folder = await mkdtemp(join(import.meta.dirname, 'files-'))
      await writeFile(join(folder, 'book.entity.mjs'), bookFile)
      await writeFile(join(folder, 'shelf.entity.mjs'), shelfFile)
      await writeFile(join(folder, '1-first.mjs'), migrationFile)
      const typeorm = {
        entities: [join(folder, '*.entity.mjs'), Member, Article],
        migrations: [join(folder, '1-*.mjs')],
      } as Partial<DataSourceOptions>
      try {
        await inAdopted(
          database,
          way,
          (app) => app,
          async ({ db, app }) => {
            const [books, shelves] = [app.getRepository('Book'), app.getRepository('Shelf')]
            await db.run(async () => {
              await books.save({ bookTitle: 'x' })
              await shelves.save({ place: 'top' })
            })
            expect([await books.count(), await shelves.count()]).toEqual([1, 1])
            expect(await app.showMigrations()).toBe(true)
            await db.migrate()
            expect(await app.query('select * from by_hand')).toEqual([])
          },
          { typeorm },
        )
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  }

  it('that cannot be honoured is refused by the name of its option', () => {
    const options = optionsOf('postgresql://ada:secret@localhost/shop')
    const refused = (more: object, adopt = {}) => {
      try {
        ActiveAlchemy.from({ ...options, ...more } as DataSourceOptions, adopt)
      } catch (error) {
        return (error as Error).message
      }
      return 'taken'
    }
    expect(refused({ replication: { master: {}, slaves: [] } })).toMatch(/^The option replication of the data source cannot be honoured: /)
    expect(refused({ type: 'mssql' })).toContain("'better-sqlite3', 'postgres', 'mysql' or 'mariadb'")
    expect(refused({ parseInt8: true })).toContain('parseInt8')
    expect(refused({}, { typeorm: {} })).toContain('typeorm')
    expect(() => ActiveAlchemy.from(undefined)).toThrow('was given nothing')
    expect(refused({ parseInt8: undefined, poolSize: 3, migrationsTransactionMode: 'all' })).toBe('taken')
  })

  it.skipIf(isSqlite)(
    `that was connected has its metadata at once, as before${isSqlite ? ' (SQLite is adopted by its options)' : ''}`,
    async () => {
      const fresh = await database.create()
      const app = await new DataSource(optionsOf(fresh.uri)).initialize()
      const names = (): string[] => app.entityMetadatas.map(({ name }) => name).toSorted()
      const before = names()
      const db = ActiveAlchemy.from(app)
      try {
        expect(names()).toEqual(before)
      } finally {
        await db.close()
        await fresh.drop()
      }
    },
  )

  for (const way of waysOf(database)) {
    it(`gives one database, however often it is asked (${way})`, () =>
      inAdopted(
        database,
        way,
        (app) => app,
        async ({ db, app }) => {
          expect(ActiveAlchemy.from(app)).toBe(db)
          expect(ActiveAlchemy.from(db.dataSource)).toBe(db)
        },
      ))
  }

  if (!isSqlite) return
  it('of SQLite is adopted by its options: its data source says so', () => {
    const app = new DataSource(optionsOf('sqlite:///:memory:'))
    expect(() => ActiveAlchemy.from(app)).toThrow(/ActiveAlchemy.from\(options\)/)
  })
}

const bookFile = `
import { EntitySchema } from 'typeorm'
export class Book {}
export const BookSchema = new EntitySchema({
  name: 'Book', target: Book,
  columns: { id: { type: Number, primary: true, generated: true }, bookTitle: { type: String, length: 25 } },
})
export function helper() {}
`
const shelfFile = `
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
export class Shelf {}
Entity()(Shelf)
PrimaryGeneratedColumn()(Shelf.prototype, 'id')
Column('varchar', { length: 25 })(Shelf.prototype, 'place')
`
const migrationFile = `
export class First1700000000001 {
  async up(runner) { await runner.query('create table by_hand (id int primary key)') }
  async down(runner) { await runner.query('drop table by_hand') }
}
`
