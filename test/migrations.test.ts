import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ActiveAlchemy } from '@active-alchemy/core'
import { Check, Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { describe, expect, it } from 'vitest'
import type { TestDatabase } from './databases/database.ts'
import { servers } from './matrix.ts'
import { atOnce, typeorm } from './processes.ts'

@Entity()
@Check('bright_enough', 'watts > 0')
class Lamp {
  @PrimaryGeneratedColumn() declare id: number
  @Column({ type: 'simple-enum', enum: ['on', 'off'] }) declare state: string
  @Column('integer') declare watts: number
}

/** A shop whose migrations are in a folder of their own; `tables` tells what its database holds. */
interface Shop {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly db: ActiveAlchemy
  readonly tables: () => Promise<string[]>
}

async function inShop(database: TestDatabase, work: (shop: Shop) => Promise<void>): Promise<void> {
  const fresh = await database.create()
  const folder = await mkdtemp(join(tmpdir(), 'alchemy-migrations-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const db = new ActiveAlchemy(fresh.uri)
  try {
    await work({
      folder,
      db,
      env: { SHOP_URI: fresh.uri, SHOP_MIGRATIONS: join(folder, '*.js') },
      tables: async () => (await db.reflect()).map(({ name }) => name.split('.').at(-1) ?? '').sort(),
    })
  } finally {
    await db.close()
    await rm(folder, { recursive: true })
    await fresh.drop()
  }
}

/** Writes a migration by hand. */
async function migration(folder: string, name: string, statements: readonly string[]): Promise<void> {
  const calls = statements.map((sql) => `await runner.query(${JSON.stringify(sql)})`).join('\n')
  await writeFile(join(folder, `${name}.js`), `export class ${name} { async up(runner) { ${calls} }\nasync down() {} }`)
}

const all = ['order', 'order_products_product', 'product']

for (const database of servers) {
  describe(`${database.name} › migrations`, () => {
    it('are generated, run and reverted by the command line of TypeORM, with db.dataSource', () =>
      inShop(database, async ({ folder, env, tables }) => {
        const generated = await typeorm(env, 'migration:generate', join(folder, 'Create'), '--outputJs', '--esm')
        expect(generated).toMatchObject({ code: 0, output: expect.stringContaining('has been generated') as unknown })
        const [file = ''] = (await readdir(folder)).filter((name) => name.endsWith('.js'))
        expect(await readFile(join(folder, file), 'utf8')).toContain('CREATE TABLE')
        expect(await tables()).toEqual([])

        expect(await typeorm(env, 'migration:run')).toMatchObject({
          code: 0,
          output: expect.stringContaining('executed successfully') as unknown,
        })
        expect(await tables()).toEqual(expect.arrayContaining(all))
        expect(await typeorm(env, 'migration:show')).toMatchObject({ output: expect.stringContaining('[X] 1 Create') as unknown })
        expect(await typeorm(env, 'migration:generate', join(folder, 'Again'), '--check')).toMatchObject({ code: 0 })
        expect(await typeorm(env, 'migration:run')).toMatchObject({
          code: 0,
          output: expect.stringContaining('No migrations are pending') as unknown,
        })
        // What createAll would make is there.
        expect(await atOnce(env, 'createAll', 1)).toEqual([{ count: 0 }])

        expect(await typeorm(env, 'migration:revert')).toMatchObject({
          code: 0,
          output: expect.stringContaining('reverted successfully') as unknown,
        })
        expect((await tables()).filter((name) => all.includes(name))).toEqual([])
      }))

    it('of db.migrate() in two processes at once are run once', () =>
      inShop(database, async ({ folder, env, db }) => {
        await migration(folder, 'Slow1700000000000', [
          'create table counted (id integer)',
          ...Array.from({ length: 20 }, (_, index) => `insert into counted values (${index})`),
        ])
        await migration(folder, 'Next1700000000001', ['insert into counted values (99)'])
        const told = await atOnce(env, 'migrate')
        expect(told.map((each) => JSON.stringify(each)).sort()).toEqual(['{"count":0}', '{"count":2}'])
        expect(await db.dataSource.query('select id from counted')).toHaveLength(21)
        expect(await db.dataSource.query('select name from migrations')).toHaveLength(2)
      }))

    it('that fail leave nothing, where a schema change can be undone', () =>
      inShop(database, async ({ folder, env, tables }) => {
        await migration(folder, 'Half1700000000000', ['create table half (id integer)', 'select nonsense'])
        const [told] = await atOnce(env, 'migrate', 1)
        expect(JSON.stringify(told)).toContain('nonsense')
        expect((await tables()).includes('half')).toBe(database.lacks['transactional DDL'] !== undefined)
      }))
  })

  describe(`${database.name} › createAll and dropAll`, () => {
    it('in three processes at once make each table once, with its checks, and leave nothing behind', () =>
      inShop(database, async ({ env, db, tables }) => {
        const own = { SHOP_URI: env['SHOP_URI'] }
        expect(await atOnce(own, 'createAll', 3)).toEqual([{ count: 0 }, { count: 0 }, { count: 0 }])
        expect(await tables()).toEqual(all)
        const stamp = "'2026-01-01 00:00:00', '2026-01-01 00:00:00'"
        const no = database.name === 'postgres' ? 'false' : '0'
        const insert = `insert into product (name, price, stock, created_at, updated_at, is_deleted) values ('x', 1, -1, ${stamp}, ${no})`
        await expect(db.dataSource.query(insert)).rejects.toMatchObject({ code: 'CHECK' })
        expect(await atOnce(own, 'dropAll', 1)).toEqual([{ count: 0 }])
        expect(await tables()).toEqual([])
        // Nor types, sequences and indexes, which would be in the way of the next.
        expect(await atOnce(own, 'createAll', 1)).toEqual([{ count: 0 }])
        expect(await atOnce(own, 'dropAll', 2)).toEqual([{ count: 0 }, { count: 0 }])
        expect(await tables()).toEqual([])
      }))

    it('keep the checks and enums of TypeORM, describe the table, and may be repeated', () =>
      inShop(database, async ({ env }) => {
        await using db = new ActiveAlchemy(env['SHOP_URI'] ?? '', { models: [Lamp] })
        await db.createAll()
        await db.createAll()
        await db.dataSource.getRepository(Lamp).save({ state: 'on', watts: 5 })
        await expect(db.dataSource.query("insert into lamp (state, watts) values ('broken', 5)")).rejects.toBeInstanceOf(Error)
        await expect(db.dataSource.query("insert into lamp (state, watts) values ('off', 0)")).rejects.toMatchObject({ code: 'CHECK' })
        const [lamp] = await db.reflect()
        expect(lamp?.columns.map(({ name, isNullable }) => [name, isNullable])).toEqual([
          ['id', false],
          ['state', false],
          ['watts', false],
        ])
        await db.dropAll()
        expect(await db.reflect()).toEqual([])
        await db.createAll()
        expect(await db.dataSource.getRepository(Lamp).count()).toBe(0)
      }))
  })
}
