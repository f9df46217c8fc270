import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { CheckError, type CheckVerdict, type InvalidValueError } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, rowIn, type Store } from './store.ts'
import { quoted } from './verbs.ts'

/** What was thrown, as its list of faults. */
async function faults(work: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_VALUE', status: 422, statusCode: 422, expose: true })
    return (error as InvalidValueError).errors
  }
  return []
}

const said = (column: string, code: string, message: unknown = expect.any(String)): object => ({ column, code, message })

/** A model with every kind of rule. */
async function checkedModel({ db }: Store) {
  const asked: unknown[] = []
  class Member extends db.Model(
    'Member',
    {
      name: db.Column(db.String(25), { length: { min: 2, max: 10 }, pattern: /^[A-Z][a-z ]+$/ }),
      age: db.Column(db.Integer, { min: 18, max: 150, default: 18 }),
      fee: db.Column(db.Numeric(10, 2), { min: 0.5, max: '99.90', nullable: true }),
      born: db.Column(db.Date, { min: '1900-01-01', nullable: true }),
      seen: db.Column(db.DateTime, { min: new Date('2020-01-01T00:00:00Z'), nullable: true }),
      code: db.Column(db.String(4), { length: 4, nullable: true }),
      tags: db.Column(db.JSONType<string[]>(), { length: { max: 2 }, nullable: true }),
      email: db.Column(db.EmailType(), {
        nullable: true,
        check: (email) => {
          asked.push(email)
          return email.endsWith('.org') || 'must end with .org'
        },
      }),
      secret: db.Column(db.String(40), { nullable: true, hidden: true, length: { min: 8 } }),
    },
    { check: (member) => member.name !== 'Nobody' || { name: 'is nobody' } },
  ) {}
  db.register(Member)
  await db.createAll()
  return { Member, asked }
}

/** Checks of columns and of models: which values they let through, when they are asked, and what of them the database holds. */
export function checkRows(database: TestDatabase): void {
  const row = (title: string, run: (world: Store & Awaited<ReturnType<typeof checkedModel>>) => Promise<void>): void => {
    it(title, () => inStore(database, async (store) => run({ ...store, ...(await checkedModel(store)) })))
  }
  const bare = rowIn(database)
  const good = { name: 'Ada', age: 36, fee: '1.50', born: '1915-12-10', code: 'ABCD', tags: ['a'], email: 'ada@x.org' }

  row('a value within the limits of its column is kept', async ({ Member, asked }) => {
    const member = await Member.create({ ...good, seen: new Date('2020-01-01T00:00:00Z'), secret: 'long enough' })
    expect((await Member.getOrError(member.id)).toDict()).toMatchObject({ ...good, tags: ['a'] })
    expect(asked).toEqual(['ada@x.org'])
    for (const [age, fee] of [
      [18, 0.5],
      [150, '99.90'],
    ] as const)
      await Member.create({ name: 'Ab', age, fee })
    expect(await Member.count()).toBe(3)
  })

  const wrong: readonly (readonly [object, object])[] = [
    [{ name: 'Abcdefghijk' }, said('name', 'length', 'must have at most 10 characters')],
    [{ name: 'ada' }, said('name', 'pattern', 'must match /^[A-Z][a-z ]+$/')],
    [{ age: 17 }, said('age', 'min', 'must be at least 18')],
    [{ age: 151 }, said('age', 'max', 'must be at most 150')],
    [{ fee: '0.49' }, said('fee', 'min', 'must be at least 0.50')],
    [{ fee: 99.91 }, said('fee', 'max', 'must be at most 99.90')],
    [{ born: '1899-12-31' }, said('born', 'min', 'must be at least 1900-01-01')],
    [{ seen: '2019-12-31T23:59:59.999Z' }, said('seen', 'min', 'must be at least 2020-01-01T00:00:00.000Z')],
    [{ code: 'ABC' }, said('code', 'length', 'must have 4 characters')],
    [{ tags: ['a', 'b', 'c'] }, said('tags', 'length', 'must have at most 2 items')],
    [{ email: 'ada@x.com' }, said('email', 'check', 'must end with .org')],
    [{ secret: 'short' }, said('secret', 'length', 'must have at least 8 characters')],
    [{ name: 'Nobody' }, said('name', 'check', 'is nobody')],
  ]
  row('a value beyond a limit is refused before any statement, by create, save, update, updateAll and upsertMany', async (world) => {
    const { Member, statements } = world
    const member = await Member.create(good)
    statements.length = 0
    for (const [values, fault] of wrong) {
      const rows = [{ ...good, ...values }]
      expect([values, await faults(() => Member.create(rows[0] as never))]).toEqual([values, [fault]])
      expect([values, await faults(() => Member.createMany(rows as never))]).toEqual([values, [fault]])
      expect([values, await faults(() => Member.upsertMany(rows as never, { on: ['id'] as never }))]).toEqual([values, expect.anything()])
      expect([values, await faults(() => member.update(values))]).toEqual([values, [fault]])
      expect(member).toMatchObject({ name: 'Ada', age: 36, isDirty: false })
      if (!('name' in values && values.name === 'Nobody')) {
        const bulk = faults(() => Member.filter({ id: member.id }).updateAll(values as never))
        expect([values, await bulk]).toEqual([values, [fault]])
      }
    }
    member.age = 17
    expect(await faults(() => member.save())).toEqual([said('age', 'min')])
    expect(statements.filter((sql) => /^(insert|update)/i.test(sql))).toEqual([])
  })

  row(
    'all that is wrong is told at once: kinds, what is missing, limits and checks; of the whole once its parts are right',
    async ({ Member, db }) => {
      expect(await faults(() => Member.create({ age: 17, email: 'a@b.cd', secret: 'x', code: 'ABCDE' } as never))).toEqual([
        said('code', 'type'),
        said('name', 'required'),
        said('age', 'min'),
        said('email', 'check'),
        said('secret', 'length'),
      ])
      expect(await faults(() => Member.create({ name: 'x', age: 10 }))).toEqual([
        said('name', 'length'),
        said('name', 'pattern'),
        said('age', 'min'),
      ])
      const member = await Member.create(good)
      expect(await faults(() => member.update({ age: 'x', fee: 'y' } as never))).toEqual([said('age', 'type'), said('fee', 'type')])
      const error: unknown = await Member.create({ name: 'x', age: 10 }).then(undefined, (each: unknown) => each)
      expect(error).toMatchObject({
        column: 'name',
        message: expect.stringMatching(/^Member\.name must .*; Member\.age must be at least 18\. Give/) as string,
      })
      // A refused write leaves its session as it was.
      await db.run(async () => {
        await faults(() => Member.create({ name: 'x' }))
        await Member.create(good)
      })
      expect(await Member.count()).toBe(2)
    },
  )

  row('a hidden column is told of to who has named it, and to nobody else', async ({ Member }) => {
    expect(await faults(() => Member.create({ ...good, secret: 'short' }))).toEqual([said('secret', 'length')])
    const member = await Member.create(good)
    member.secret = 'short'
    expect(await faults(() => member.save())).toEqual([said('*', 'length')])
  })

  row('a check is asked about what is written, and about null never', async ({ Member, asked }) => {
    const member = await Member.create(good)
    asked.length = 0
    await member.update({ age: 40 })
    await member.update({ email: null })
    expect(asked).toEqual([])
    await member.update({ email: 'b@x.org' })
    expect(asked).toEqual(['b@x.org'])
  })

  row('increment passes no limit of its column', async ({ Member }) => {
    const member = await Member.create({ ...good, age: 149 })
    await member.increment('age')
    await expect(member.increment('age')).rejects.toMatchObject({ code: 'CONFLICT', status: 409 })
    await expect(member.decrement('fee', 1.01)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await Member.getOrError(member.id)).toMatchObject({ age: 150, fee: '1.50' })
    await member.decrement('fee', 1)
    expect(member.fee).toBe('0.50')
  })

  row('the database holds the limits that it can say, also against other writers', async ({ Member, raw, db }) => {
    const { id } = await Member.create(good)
    const table = quoted(database, 'member')
    const held = [
      "name = 'A'",
      "name = 'Abcdefghijk'",
      'age = 17',
      'age = 151',
      'fee = 0.49',
      'fee = 99.91',
      "born = '1899-12-31'",
      "code = 'ABC'",
    ]
    if (!database.name.startsWith('sqlite')) held.push("name = 'ada'", "name = 'AB'")
    for (const set of held) {
      const error: unknown = await raw(`update ${table} set ${set} where id = ${id}`).then(
        () => set,
        (each: unknown) => each,
      )
      expect([set, error]).toEqual([set, expect.any(CheckError)])
    }
    await raw(`update ${table} set name = 'Bobby b', age = 18, fee = 0.50, born = '1900-01-01', code = null where id = ${id}`)
    // An expression is the database's to check.
    await expect(Member.filter({ id }).updateAll({ age: (member) => member.age.minus(1) })).rejects.toMatchObject({
      code: 'CHECK',
      status: 422,
    })
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  bare('where a database reads a pattern alike it holds it, and refuses nothing that the application takes', async ({ db, raw }) => {
    const patterns: readonly (readonly [RegExp, readonly string[], readonly string[]])[] = [
      [/^[a-z0-9_-]{3,8}$/, ['a_b-9', 'abcdefgh'], ['ab', 'abcdefghi', 'ABC', 'abc\n']],
      [/^(?:\+\d{1,3} )?\d+$/, ['+49 30', '30'], ['49 30', '+49', 'x']],
      [/^\w+(\.\w+)*@[A-Za-z.]+$/, ['a.b@x.org'], ['a..b@x', 'ä@x.org']],
      [/cat|dog/, ['a cat', 'dogs'], ['CAT', 'do']],
      [/^[^,;]*$/u, ['a b', '😀'], ['a,b']],
      [/^.{2}$/u, ['😀😀', 'ab'], ['😀', 'abc', 'a\n']],
      [/^[\]^\\.-]+$/, [']^\\.-'], ['a']],
      [/^a+?b??$/, ['aa', 'ab'], ['b']],
      [/^\$\d\/"'$/, [`$1/"'`], ['1']],
      // Each database would read these in its own way.
      [/^(?=a).*$/u, ['ab'], []],
      [/^\p{L}+$/u, ['ä'], []],
      [/^a$/i, ['A'], []],
      [/^.{2}$/, ['😀'], []],
      [/^\s+$/, ['\u00a0'], []],
    ]
    const columns = patterns.map(([pattern], index) => [`c${index}`, db.Column(db.String(20), { nullable: true, pattern })] as const)
    class Text extends db.Model('Text', Object.fromEntries(columns)) {}
    const { id } = await db.createAll().then(() => Text.create({}))
    const tell = (index: number, value: string): Promise<unknown> =>
      db
        .detach(() => db.dataSource.getRepository(Text).update(id, { [`c${index}`]: value } as never))
        .then(
          () => 'kept',
          (error: unknown) => error,
        )
    for (const [index, [pattern, good, bad]] of patterns.entries()) {
      for (const text of good) expect([pattern, text, pattern.test(text), await tell(index, text)]).toEqual([pattern, text, true, 'kept'])
      if (database.name.startsWith('sqlite')) continue
      for (const text of bad)
        expect([pattern, text, pattern.test(text), await tell(index, text)]).toEqual([pattern, text, false, expect.any(CheckError)])
    }
    expect((await raw('select count(*) as n from text')).length).toBe(1)
  })

  bare('a check may be async, and query; a verb waits for it, in a scope and outside', async ({ db }) => {
    class Handle extends db.Model('Handle', {
      text: db.Column(db.String(20), {
        check: async (text): Promise<CheckVerdict> => !(await Handle.exists({ text })) || { message: 'is taken', code: 'taken' },
      }),
      n: db.Column(db.Integer, { default: 0 }),
    }) {
      static override check = async ({ n }: Handle) => n <= (await Handle.count()) || 'has a number that is too high'
    }
    await db.createAll()
    const work = async (): Promise<void> => {
      const handle = await Handle.create({ text: `a${await Handle.count()}` })
      expect(await faults(() => Handle.create({ text: handle.text }))).toEqual([said('text', 'taken', 'is taken')])
      expect(await faults(() => Handle.createMany([{ text: 'x' }, { text: handle.text }]))).toEqual([said('text', 'taken')])
      expect(await faults(() => Handle.create({ text: 'y', n: 9 }))).toEqual([said('*', 'check', 'has a number that is too high')])
      expect(await faults(() => handle.update({ n: 9 }))).toEqual([said('*', 'check')])
      expect(await faults(() => Handle.filter({ id: handle.id }).updateAll({ text: handle.text }))).toEqual([said('text', 'taken')])
      if (db.dataSource.session()) db.session.add(new Handle({ text: `added${await Handle.count()}` }))
    }
    await work()
    await db.run(work)
    expect(await Handle.count()).toBe(3)
  })

  bare('schemas of zod, valibot and arktype check columns; what they give is kept', async ({ db }) => {
    class Page extends db.Model('Page', {
      title: db.Column(db.String(40), { check: z.string().trim().min(3) }),
      slug: db.Column(db.String(40), { check: v.pipe(v.string(), v.toLowerCase(), v.regex(/^[a-z-]+$/, 'is no slug')) }),
      kind: db.Column(db.String(10), { check: type("'post' | 'page'") }),
      meta: db.Column(db.JSONType<{ tags: string[] }>(), { nullable: true, check: z.object({ tags: z.array(z.string().max(5)) }) }),
      pin: db.Column(db.String(10), { default: '123456', hidden: true, check: type('string >= 6') }),
      late: db.Column(db.Integer, { default: 1, check: z.number().refine(async (n) => n < 10, 'is too late') }),
    }) {}
    db.register(Page)
    await db.createAll()
    const page = await Page.create({ title: '  Hello ', slug: 'HELLO', kind: 'post', meta: { tags: ['a'] } })
    expect(await Page.getOrError(page.id)).toMatchObject({ title: 'Hello', slug: 'hello', kind: 'post', meta: { tags: ['a'] }, late: 1 })
    expect(
      await faults(() => Page.create({ title: ' a ', slug: 'x y', kind: 'news', meta: { tags: ['a', 'too long'] }, late: 10 })),
    ).toEqual([
      said('title', 'check'),
      said('slug', 'check', 'is no slug'),
      said('kind', 'check'),
      { ...said('meta', 'check'), path: ['meta', 'tags', 1] },
      said('late', 'check', 'is too late'),
    ])
    // What a schema says of a hidden column may quote it.
    expect(await faults(() => Page.create({ title: 'abc', slug: 'a', kind: 'post', pin: '1111' }))).toEqual([
      said('pin', 'check', 'is refused by its check'),
    ])
  })

  bare('a class has the checks of those that it extends, and what a check throws is the application’s', async ({ db }) => {
    class Base extends db.Model('Base', { a: db.Column(db.Integer), b: db.Column(db.Integer) }, { abstract: true }) {
      static override check = ({ a, b }: Base) => a < b
    }
    class Span extends db.Model(
      'Span',
      { c: db.Column(db.Integer, { default: 0 }) },
      { extends: Base, check: ({ b, c }) => b > 0 && c >= 0 },
    ) {}
    class Broken extends db.Model('Broken', {
      n: db.Column(db.Integer, {
        check: () => {
          throw new RangeError('of the application')
        },
      }),
    }) {}
    db.register(Span, Broken)
    await db.createAll()
    expect(await faults(() => Span.create({ a: 2, b: 1, c: 0 }))).toEqual([said('*', 'check', 'is refused by its check')])
    expect(await faults(() => Span.create({ a: 1, b: 2, c: -1 }))).toEqual([said('*', 'check')])
    await Span.create({ a: 1, b: 2 })
    await expect(Broken.create({ n: 1 })).rejects.toThrow(RangeError)
  })

  bare('a rule that its column cannot have is refused where it is defined', async ({ db }) => {
    const refused = (message: RegExp): Error =>
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) as string }) as Error
    expect(() => db.Column(db.String(5), { min: 'a' })).toThrow(refused(/min of db\.Column\(String\(5\)\).*numbers/))
    expect(() => db.Column(db.Integer, { min: 1.5 })).toThrow(refused(/min.*whole number/))
    expect(() => db.Column(db.Integer, { min: 5, max: 4 })).toThrow(refused(/min.*max/))
    expect(() => db.Column(db.Integer, { length: 4 })).toThrow(refused(/length/))
    expect(() => db.Column(db.String(5), { length: { min: 3, max: 2 } })).toThrow(refused(/length/))
    expect(() => db.Column(db.String(5), { length: { least: 3 } as never })).toThrow(refused(/length/))
    expect(() => db.Column(db.Integer, { pattern: /a/ })).toThrow(refused(/pattern/))
    expect(() => db.Column(db.String(5), { pattern: /a/g })).toThrow(refused(/pattern.*flags/))
    expect(() => db.Column(db.String(5), { check: 'a' as never })).toThrow(refused(/check.*function/))
    class Wrong extends db.Model('Wrong', { a: db.Column(db.Integer) }) {
      static override check = 'a > 1' as never
    }
    db.register(Wrong)
    await expect(db.createAll()).rejects.toMatchObject({
      code: 'MODEL_DEFINITION',
      message: expect.stringMatching(/check is no function/) as string,
    })
  })
}
