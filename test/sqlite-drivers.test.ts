import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ActiveAlchemy } from '@active-alchemy/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { reason } from './conformance/reason.ts'

/** Node 20 has no SQLite, and 22 one that gives rows without the columns that a table has got since. */
const hasNodeSqlite = Number.parseInt(process.versions.node, 10) >= 24

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'alchemy-drivers-'))))
afterEach(() => rmSync(folder, { recursive: true }))
const uriOf = (driver: string, file = 'test.db'): string => `sqlite:///${join(folder, file)}?driver=${driver}`

/** What the model suite does not ask: all that a driver must not do in silence. `SQLITE_DRIVER=node` runs the suites by that of Node.js. */
describe.each(['better-sqlite3', ...(hasNodeSqlite ? ['node'] : [])])('SQLite by %s', (driver) => {
  let db: ActiveAlchemy
  beforeEach(async () => {
    db = new ActiveAlchemy(uriOf(driver))
    await db.dataSource.query('create table item (id integer primary key, n bigint, small integer, data blob, text varchar)')
  })
  afterEach(() => db.close())
  const query = (sql: string, values: unknown[] = []): Promise<unknown> => db.dataSource.query(sql, values)

  it.each<[sql: string, values: unknown[]]>([
    ['select ? as a, ? as b', [1]],
    [`select ? as a, '?' as b, "id" /* ? */ from item where id = ? -- ?`, [1]],
    ['select :a as a, :a as b, :b as c', [1]],
    ['insert into item (n, text) values (?, ?)', [1]],
    ['select ? as a', [1, 2]],
    ['select ? as a', [{ a: 1 }]],
    ['select ? as a', [{}]],
    ['select ? as a', [() => 1]],
    ['select 1 as a; select 2 as b', []],
    ['delete from item; drop table item', []],
    ['', []],
    ['-- nothing', []],
  ])('refuses %s with %j, and does nothing of it', async (sql, values) => {
    await query("insert into item (text) values ('there')")
    await expect(query(sql, values)).rejects.toThrow(/parameter|bind|statement|out of range/i)
    expect(await query('select count(*) as n from item')).toEqual([{ n: 1 }])
  })

  it('binds what stands in texts, names and comments to nothing', async () => {
    const sql = `select ? as a, '?' as "b?", ? as c /* ? */ from (select 1) -- ?`
    expect(await query(sql, [1, 'two'])).toEqual([{ a: 1, 'b?': '?', c: 'two' }])
    expect(await query('select ? as a, ? as b', [undefined, null])).toEqual([{ a: null, b: null }])
    expect(await query("select 1 as a;  -- that's it")).toEqual([{ a: 1 }])
  })

  it('gives rows that are objects, bytes that are buffers, and whole numbers with all their digits where their column may need them', async () => {
    const bytes = Buffer.from([0, 1, 255])
    await query('insert into item (id, n, small, data, text) values (?, ?, ?, ?, ?)', [1, 2n ** 62n, 7, bytes, 'x'])
    const [row] = (await query('select *, n + 1 as more from item')) as [Record<string, unknown>]
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
    expect(row).toEqual({ id: 1, n: 2n ** 62n, small: 7, data: bytes, text: 'x', more: 2n ** 62n + 1n })
    expect(row['data']).toBeInstanceOf(Buffer)
    await query('update item set small = 9007199254740993')
    expect(await query('select small from item')).toEqual([{ small: 9_007_199_254_740_992 }])
    expect(await query('select * from item where id = ?', [2])).toEqual([])
  })

  it('names columns as the table has them now', async () => {
    await query("insert into item (text) values ('x')")
    expect(await query('select * from item')).toMatchObject([{ text: 'x' }])
    await query('alter table item rename column text to words')
    await query('alter table item add column more integer default 2')
    expect(await query('select * from item')).toEqual([{ id: 1, n: null, small: null, data: null, words: 'x', more: 2 }])
  })

  it('tells statements that leave the file as it is from those that do not', () => {
    const reads = [
      'select 1',
      ' -- a comment\n select * from item',
      'values (1), (2)',
      'with a as (select 1) select * from a',
      "with a as (select 'insert') select * from a",
      'explain query plan select 1',
      'pragma table_info(item)',
    ]
    const writes = [
      'insert into item default values',
      'replace into item (id) values (1)',
      'update item set n = 1 returning n',
      'delete from item',
      'with a as (select 1) insert into item (n) select * from a',
      'with a as (select 1 as n) delete from item where n in (select n from a)',
      'with a as (select 1) insert into item (n) select * from a returning id',
      'create table other (id integer)',
      'alter table item add column x',
      'pragma user_version = 3',
      'pragma journal_mode = wal',
    ]
    const { connections } = db.dataSource.driver as unknown as { connections: { onlyReads(sql: string): boolean } }
    expect(reads.filter((sql) => !connections.onlyReads(sql))).toEqual(['pragma table_info(item)'])
    expect(writes.filter((sql) => connections.onlyReads(sql))).toEqual([])
  })

  it('opens a file only once it is there, where that is asked for, and no file as another', async () => {
    const other = new ActiveAlchemy(uriOf(driver, 'none.db'), { typeorm: { fileMustExist: true } as object })
    expect(await reason(() => other.dataSource.query('select 1'))).toMatchObject({ code: 'CONNECTION_FAILED' })
    expect(existsSync(join(folder, 'none.db'))).toBe(false)
    await other.close()
    const read = new ActiveAlchemy(uriOf(driver), { typeorm: { readonly: true } as object })
    await expect(read.dataSource.query('insert into item default values')).rejects.toThrow(/readonly/)
    expect(await read.dataSource.query('select count(*) as n from item')).toEqual([{ n: 0 }])
    await read.close()
  })
})

it('a driver that is none is refused by name', () => {
  expect(() => new ActiveAlchemy('sqlite:///test.db?driver=sqlite3').dataSource).toThrow(
    'driver is sqlite3, and can be better-sqlite3, node',
  )
})

it.skipIf(hasNodeSqlite)(`a Node.js without it says so${hasNodeSqlite ? ' (this one has it)' : ''}`, async () => {
  const db = new ActiveAlchemy('sqlite:///:memory:?driver=node')
  await expect(db.dataSource.query('select 1')).rejects.toThrow(
    `The SQLite of Node.js ${process.version} is not supported. Use Node.js 24 or newer, or install better-sqlite3.`,
  )
})

describe.skipIf(!hasNodeSqlite)(`two SQLite libraries in one process${hasNodeSqlite ? '' : ' (this Node.js has none)'}`, () => {
  it('do not open one file, whatever it is called; the second may once the first has closed it', async () => {
    const first = new ActiveAlchemy(uriOf('better-sqlite3'))
    await first.dataSource.query('create table item (id integer)')
    symlinkSync(join(folder, 'test.db'), join(folder, 'link.db'))
    const second = new ActiveAlchemy(uriOf('node', 'link.db'))
    expect(await reason(() => second.dataSource.query('select 1'))).toMatchObject({ code: 'UNSUPPORTED' })
    await first.dataSource.query('insert into item values (1)')
    await first.close()
    expect(await second.dataSource.query('select * from item')).toEqual([{ id: 1 }])
    await second.close()
  })

  it('verbose and nativeBinding are of better-sqlite3 alone', async () => {
    const db = new ActiveAlchemy(uriOf('node'), { typeorm: { verbose: () => undefined } as object })
    await expect(db.dataSource.query('select 1')).rejects.toThrow('verbose and nativeBinding of better-sqlite3')
  })
})
