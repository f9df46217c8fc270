import {
  Check,
  Column,
  Entity,
  Index,
  type MigrationInterface,
  PrimaryGeneratedColumn,
  QueryFailedError,
  type QueryRunner,
  Table,
  TableColumn,
  TableIndex,
  Unique,
  ViewColumn,
  ViewEntity,
} from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

@Entity()
@Unique('one_place', ['shop', 'shelf'])
@Index('by_name', ['name'])
@Check('price >= 0')
class Ware {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @Column('int', { default: 1 }) declare shop: number
  @Column('int') declare shelf: number
  @Column('int', { default: 0 }) declare price: number
}

@ViewEntity({ name: 'dear_ware', expression: 'select name, price from ware where price > 100' })
class DearWare {
  @ViewColumn() declare name: string
  @ViewColumn() declare price: number
}

class First1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(new Table({ name: 'made', columns: [{ name: 'id', type: 'int', isPrimary: true }] }))
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('made')
  }
}
class Second1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('insert into made (id) values (7)')
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('delete from made')
  }
}

/** A query runner beside any scope: a change of the schema is none of a request's. */
async function onRunner({ app }: World, work: (runner: QueryRunner) => Promise<void>): Promise<void> {
  const runner = app.createQueryRunner()
  try {
    await work(runner)
  } finally {
    await runner.release()
  }
}

/** Tables, constraints, views, migrations and the result cache. */
export const schema: Topic = {
  title: 'tables, views, migrations and the cache',
  options: { entities: [Ware, DearWare], migrations: [First1700000000001, Second1700000000002], cache: true },
  rows: {
    'a view is read as a table': async ({ repo }) => {
      await repo(Ware).save([
        { name: 'a', shelf: 1, price: 50 },
        { name: 'b', shelf: 2, price: 500 },
      ] as Ware[])
      expect(await repo(DearWare).find()).toMatchObject([{ name: 'b', price: 500 }])
      expect(await repo(DearWare).countBy({ name: 'a' })).toBe(0)
    },
    'a query runner describes tables and columns': async (world) => {
      const runner = world.app.createQueryRunner()
      expect(await runner.hasTable('ware')).toBe(true)
      expect([await runner.hasColumn('ware', 'shelf'), await runner.hasColumn('ware', 'none')]).toEqual([true, false])
      expect((await runner.getTable('ware'))?.columns.map(({ name }) => name)).toEqual(['id', 'name', 'shop', 'shelf', 'price'])
      await runner.release()
    },
  },
  outside: {
    'unique columns together are unique': async ({ repo }) => {
      await repo(Ware).save([
        { name: 'a', shelf: 1 },
        { name: 'a', shelf: 2 },
      ] as Ware[])
      await expect(repo(Ware).save({ name: 'b', shelf: 1 })).rejects.toBeInstanceOf(QueryFailedError)
      expect(await repo(Ware).count()).toBe(2)
    },
    'a check holds, where TypeORM makes it': async ({ app, repo }) => {
      const saving = repo(Ware).save({ name: 'a', shelf: 1, price: -1 })
      if (app.options.type === 'mariadb') expect(await saving).toMatchObject({ price: -1 })
      else await expect(saving).rejects.toBeInstanceOf(QueryFailedError)
    },
    'what must not be null is refused': async ({ repo }) => {
      await expect(repo(Ware).insert({ name: 'a' })).rejects.toBeInstanceOf(QueryFailedError)
    },
    'the error has the driver its error, and the statement': async ({ repo }) => {
      const error: unknown = await repo(Ware)
        .insert({ name: 'a' })
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({ driverError: expect.anything() as unknown, query: expect.stringContaining('INSERT') as unknown })
    },
    'a query runner makes, changes and drops a table': (world) =>
      onRunner(world, async (runner) => {
        const id = { name: 'id', type: 'int', isPrimary: true }
        await runner.createTable(new Table({ name: 'shed', columns: [id, { name: 'label', type: 'varchar', length: '20' }] }))
        await runner.addColumn('shed', new TableColumn({ name: 'size', type: 'int', default: 3 }))
        await runner.renameColumn('shed', 'label', 'title')
        await runner.createIndex('shed', new TableIndex({ name: 'by_title', columnNames: ['title'] }))
        await runner.query("insert into shed (id, title) values (1, 'a')")
        expect(await runner.query('select title, size from shed')).toEqual([{ title: 'a', size: 3 }])
        expect((await runner.getTable('shed'))?.indices.map(({ name }) => name)).toContain('by_title')
        await runner.renameTable('shed', 'barn')
        await runner.dropColumn('barn', 'size')
        expect([await runner.hasTable('shed'), await runner.hasColumn('barn', 'size')]).toEqual([false, false])
        await runner.dropTable('barn')
        expect(await runner.hasTable('barn')).toBe(false)
      }),
    'a query runner empties a table': async (world) => {
      await world.repo(Ware).save({ name: 'a', shelf: 1 })
      await onRunner(world, (runner) => runner.clearTable('ware'))
      expect(await world.repo(Ware).count()).toBe(0)
    },
    'synchronize leaves rows, and a second one has nothing to do': async ({ app, repo }) => {
      await repo(Ware).save({ name: 'a', shelf: 1 })
      await app.synchronize()
      expect(await repo(Ware).count()).toBe(1)
      const { upQueries } = await app.driver.createSchemaBuilder().log()
      expect(upQueries.map(({ query }) => query)).toEqual([])
    },
    'migrations run once, in their order, and are undone backwards': async ({ app }) => {
      expect(await app.showMigrations()).toBe(true)
      expect((await app.runMigrations()).map(({ name }) => name)).toEqual(['First1700000000001', 'Second1700000000002'])
      expect([await app.runMigrations(), await app.showMigrations()]).toEqual([[], false])
      expect(await app.query('select id from made')).toEqual([{ id: 7 }])
      await app.undoLastMigration()
      expect(await app.query('select id from made')).toEqual([])
      await app.undoLastMigration()
      expect(await app.showMigrations()).toBe(true)
    },
    'a cached result answers until it is removed by its name': async ({ app, repo }) => {
      await repo(Ware).save({ name: 'a', shelf: 1 })
      const names = async (): Promise<string[]> =>
        (await repo(Ware).find({ cache: { id: 'wares', milliseconds: 60_000 } })).map(({ name }) => name)
      expect(await names()).toEqual(['a'])
      await repo(Ware).update({ name: 'a' }, { name: 'b' })
      expect(await names()).toEqual(['a'])
      await app.queryResultCache?.remove(['wares'])
      expect(await names()).toEqual(['b'])
      await app.queryResultCache?.clear()
    },
    'a builder is cached, its count too': async ({ app, repo }) => {
      await repo(Ware).save({ name: 'a', shelf: 1 })
      const query = (): Promise<[Ware[], number]> => repo(Ware).createQueryBuilder('w').cache('all', 60_000).getManyAndCount()
      expect((await query())[1]).toBe(1)
      await repo(Ware).save({ name: 'b', shelf: 2 })
      expect((await query())[1]).toBe(1)
      await app.queryResultCache?.clear()
      expect((await query())[1]).toBe(2)
      await app.queryResultCache?.clear()
    },
  },
}
