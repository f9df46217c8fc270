import { inspect } from 'node:util'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'
import { latch } from './world.ts'

/** `db.sql`: what it takes, and what it locks. */
export function sqlRows(database: TestDatabase): void {
  const row = rowIn(database)
  const outcome = async (call: () => unknown): Promise<unknown> => {
    try {
      return await call()
    } catch (error) {
      return error
    }
  }

  row('a list has its place after "in (", and changes no other statement by its length', async ({ db, User }) => {
    await User.createMany([{ name: 'Ada' }, { name: 'Bob' }, { name: 'Cid' }])
    expect(await db.sql`select name from ${User} where name in (${['Ada', 'Cid']}) order by name`).toEqual([
      { name: 'Ada' },
      { name: 'Cid' },
    ])
    expect(await db.sql`select name from ${User} where name IN ( ${[]})`).toEqual([])
    expect(await User.filter(db.sql`name in (${['Ada']})`).count()).toBe(1)
    const list = ['Ada', 'Bob']
    for (const statement of [
      () => db.sql`select name from ${User} where name = ${list}`,
      () => db.sql`select name from ${User} limit ${[1, 1]}`,
      () => db.sql`insert into note (a) values (${list})`,
      () => db.sql`select name from ${User} where name in (${[list]})`,
      () => User.filter(db.sql`name = ${list}`).all(),
    ]) {
      expect(await outcome(statement)).toMatchObject({ code: 'INVALID_VALUE', status: 422 })
    }
  })

  row('a value is one that every database can bind, or refused with 422', async ({ db, User, statements }) => {
    statements.length = 0
    const values: readonly unknown[] = [
      JSON.parse('{"isLuxonDateTime":true}'),
      JSON.parse('{"isLuxonDateTime":true,"isValid":true,"ts":1}'),
      new Date(Number.NaN),
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      'a\0b',
      { a: 1 },
      Symbol('x'),
    ]
    for (const value of values) {
      expect(await outcome(() => db.sql`select ${value} as x`)).toMatchObject({ code: 'INVALID_VALUE', status: 422 })
      expect(await outcome(() => User.filter(db.sql`name = ${value}`).all())).toMatchObject({ code: 'INVALID_VALUE', status: 422 })
      expect(await outcome(() => User.filter({ name: db.sql`${value}` }).all())).toMatchObject({ code: 'INVALID_VALUE', status: 422 })
    }
    let deep: unknown = 1
    for (let level = 0; level < 5_000; level++) deep = [deep]
    const many = Array.from({ length: 70_000 }, (_, index) => index)
    for (const list of [deep, many]) {
      expect(await outcome(() => db.sql`select id from ${User} where id in (${list})`)).toMatchObject({
        code: 'INVALID_VALUE',
        status: 422,
      })
    }
    expect(statements).toEqual([])
  })

  row('db.sql called as a function says how it is written', async ({ db }) => {
    for (const call of [db.sql, db.sql.read] as unknown as ((text: unknown) => unknown)[]) {
      for (const texts of ['select 1', ['select 1'], undefined]) {
        expect(() => call(texts)).toThrow(
          expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('db.sql`select 1`') as string }) as Error,
        )
      }
    }
  })

  row('SQL that only reads opens no transaction and waits for no writer', async ({ db, User, statements }) => {
    await User.createMany([
      { name: 'Ada', points: 1 },
      { name: 'Bob', points: 5 },
    ])
    const reads = async (): Promise<unknown> => [
      (await User.filter(db.sql.read`points > ${2}`).all()).map(({ name }) => name),
      await User.filter(db.sql.read`points > ${2}`).count(),
      (await User.query().orderBy(db.sql.read`points * ${-1}`).first())?.name,
      (await User.filter(db.sql.read`points > ${2}`).paginate()).total,
      await db.sql.read`select name from ${User} where points in (${[5]})`,
    ]
    const expected = [['Bob'], 1, 'Bob', 1, [{ name: 'Bob' }]]
    statements.length = 0
    expect(await db.run(reads)).toEqual(expected)
    expect(statements.filter((text) => /begin|start transaction/i.test(text))).toEqual([])
    if (database.lacks['a connection for each session']) return
    // While another holds the write lock.
    const [written, done] = [latch(), latch()]
    const writer = db.run(async () => {
      await User.create({ name: 'Cid', points: 9 })
      written.open()
      await done.promise
    })
    await written.promise
    expect(await db.detach(reads)).toEqual(expected)
    done.open()
    await writer
  })

  row('db.sql.read refuses a statement that writes, and sees what its session wrote', async ({ db, User }) => {
    await User.create({ name: 'Ada' })
    for (const statement of [
      () => db.sql.read`delete from ${User}`,
      () => db.sql.read`update ${User} set points = 1`,
      () => db.sql.read`insert into ${User} (name) values ('x')`,
      () => db.sql.read`with x as (select 1) delete from ${User}`,
      () => db.sql.read`select id from ${User} for update`,
    ]) {
      expect(await outcome(statement)).toMatchObject({ code: 'UNSUPPORTED' })
    }
    await db.run(async () => {
      await User.filter({ name: 'Ada' }).updateAll({ points: 7 })
      expect(await db.sql.read`select points from ${User}`).toEqual([{ points: 7 }])
    })
    expect(await User.count({ points: 7 })).toBe(1)
  })

  row('a query that was not sent says so, and shows its text without a value', async ({ User, db }) => {
    const query = User.filter({ name: 'secret-name' }).filter(db.sql`points > ${4711}`)
    expect(() => JSON.stringify({ users: query })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('Call .all()') as string }) as Error,
    )
    for (const shown of [inspect(query), inspect({ query }), inspect(User.query(), { depth: 10, showHidden: true })]) {
      expect(shown).toMatch(/Query\(User\) SELECT/)
      expect(shown).not.toMatch(/secret-name|4711|password|dataSource/)
    }
  })

  row('several where one is asked for is not found', async ({ User }) => {
    await User.createMany([{ name: 'Ada' }, { name: 'Ada' }])
    await expect(User.filter({ name: 'Ada' }).one()).rejects.toMatchObject({ code: 'MULTIPLE_RECORDS', status: 404, expose: true })
  })
}
