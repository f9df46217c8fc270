import type { ActiveAlchemy } from '@active-alchemy/core'
import { gt, UniqueError } from '@active-alchemy/core'
import { BeforeInsert, VersionColumn } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'
import { quoted } from './verbs.ts'
import { latch, until } from './world.ts'

/** Models whose rows are found or made by unique values. */
async function catalogue(db: ActiveAlchemy) {
  class Member extends db.Model(
    'Member',
    {
      email: db.Column(db.String(80), { unique: 'live' }),
      name: db.Column(db.String(25), { default: '-' }),
      points: db.Column(db.Integer, { default: 0 }),
      secret: db.Column(db.String(25), { nullable: true }),
    },
    { guarded: ['secret'] },
  ) {}
  class Seat extends db.BaseModel('Seat', {
    row: db.Column(db.Integer, { primary: true }),
    number: db.Column(db.BigInteger, { primary: true }),
    guest: db.Column(db.String(25), { nullable: true, unique: true }),
  }) {}
  class Counted extends db.Model('Counted', {
    code: db.Column(db.String(25), { unique: true }),
    name: db.Column(db.String(25), { default: '-' }),
  }) {
    declare version: number
  }
  VersionColumn()(Counted.prototype, 'version')
  await db.createAll()
  return { Member, Seat, Counted }
}

/** Thirty-two at once. */
function many<Result>(work: (index: number) => PromiseLike<Result>): Promise<Result[]> {
  return Promise.all(Array.from({ length: 32 }, (_, index) => work(index)))
}

/** Finding several by their keys; finding one or making it; writing many that may be there. */
export function finderRows(database: TestDatabase): void {
  const row = rowIn(database)

  // ---------------------------------------------------------------------------------------------- getMany

  row('getMany gives the records in the order of the keys, and null for a hole, by one statement', async ({ User, sent }) => {
    await User.createMany([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    await User.get(2).delete()
    let found: (InstanceType<typeof User> | null)[] = []
    expect(await sent(async () => (found = await User.getMany([3, 99, '1', 2, 3, 'x', null])))).toHaveLength(1)
    expect(found.map((user) => user?.name ?? null)).toEqual(['c', null, 'a', null, 'c', null, null])
    expect((await User.getMany([2], { includeDeleted: true }))[0]).toMatchObject({ name: 'b', isDeleted: true })
    expect(await sent(() => User.getMany([]))).toHaveLength(0)
  })

  row('getMany takes keys as get does, and no list of anything else', async ({ User }) => {
    await User.create({ name: 'a' })
    await expect(User.getMany([1, { id: 1 }])).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER', status: 400 })
    await expect(User.getMany([[1]])).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER' })
    for (const ids of [undefined, null, '1', { length: 1, 0: 1 }]) {
      await expect(User.getMany(ids as never)).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER', status: 400 })
    }
    await expect(User.getMany([1], { nope: true } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  row(
    'getMany reads keys of several columns, more of them than a statement takes, and the records that are there already',
    async ({ db, User }) => {
      const { Seat } = await catalogue(db)
      await Seat.createMany([1, 2, 3].map((number) => ({ row: 1, number, guest: `g${number}` })))
      const seats = await Seat.getMany([
        { row: 1, number: '3' },
        { row: 2, number: 1 },
        { row: 1, number: 1n },
      ])
      expect(seats.map((seat) => seat?.guest ?? null)).toEqual(['g3', null, 'g1'])

      await User.createMany(Array.from({ length: 40 }, (_, index) => ({ name: `n${index}` })))
      const ids = Array.from({ length: 70_000 }, (_, index) => 70_000 - index)
      expect((await User.getMany(ids)).filter(Boolean)).toHaveLength(40)

      await db.run(async () => {
        const user = await User.getOrError(1)
        user.name = 'mine'
        const [same, other] = await User.getMany([1, 2], { forUpdate: true })
        expect(same).toBe(user)
        expect([same?.name, other?.name]).toEqual(['mine', 'n1'])
      })
    },
  )

  // ---------------------------------------------------------------------------------------------- firstOrCreate

  row('firstOrCreate finds, or makes what it did not find', async ({ db, sent }) => {
    const { Member } = await catalogue(db)
    const made = await Member.firstOrCreate({ email: 'a@b.cd' }, { name: 'Ada' })
    expect(made).toMatchObject({ email: 'a@b.cd', name: 'Ada', points: 0, wasCreated: true, isNew: false, isDirty: false })
    const found = await Member.firstOrCreate({ email: 'a@b.cd' }, { name: 'Other' })
    expect(found).toMatchObject({ id: made.id, name: 'Ada', wasCreated: false })
    expect(await sent(() => Member.firstOrCreate({ email: 'a@b.cd' }))).toHaveLength(1)
    expect(await sent(() => Member.firstOrCreate({ email: 'b@b.cd' }))).toHaveLength(2)
    expect((await Member.create({ email: 'c@b.cd' })).wasCreated).toBe(false)
    await db.run(async () => {
      const record = await Member.firstOrCreate({ email: 'd@b.cd' })
      expect(record.wasCreated).toBe(true)
      expect(await Member.firstOrCreate({ email: 'd@b.cd' })).toBe(record)
      expect(record.wasCreated).toBe(false)
    })
    expect(await Member.firstOrCreate({ email: 'a@b.cd' }).increment('points', 2)).toMatchObject({ points: 2 })
  })

  row('32 who call firstOrCreate on one key make one row, and each has it', async ({ db }) => {
    const { Member } = await catalogue(db)
    const alone = await many((index) => Member.firstOrCreate({ email: 'alone' }, { name: `n${index}` }))
    expect(new Set(alone.map(({ id }) => id)).size).toBe(1)
    expect(alone.filter(({ wasCreated }) => wasCreated)).toHaveLength(1)
    // In scopes that go on with it: nobody waits for who waits for him.
    const inScopes = await many(() =>
      db.run(async () => {
        const member = await Member.firstOrCreate({ email: 'scope' })
        await member.increment('points')
        return member.wasCreated
      }),
    )
    expect(inScopes.filter(Boolean)).toHaveLength(1)
    expect(await Member.first({ email: 'scope' })).toMatchObject({ points: 32 })
    expect(await Member.count()).toBe(2)
  })

  row('who waits for one that is rolled back makes it', async ({ db, statements }) => {
    const { Counted } = await catalogue(db)
    const ways = {
      first: () => Counted.firstOrCreate({ code: 'first' }, { name: 'n' }),
      update: () => Counted.updateOrCreate({ code: 'update' }, { name: 'n' }),
    }
    for (const [code, way] of Object.entries(ways)) {
      let isInserted = (): void => undefined
      const inserted = new Promise<void>((resolve) => (isInserted = resolve))
      let goOn = (): void => undefined
      const maker = db.run(async () => {
        await Counted.create({ code })
        isInserted()
        await new Promise<void>((resolve) => (goOn = resolve))
        db.session.rollbackOnly()
      })
      await inserted
      const before = statements.length
      const waiting = Promise.all(Array.from({ length: 3 }, () => db.run(way)))
      // Each has sent what waits for the first one, or there is one lock to wait for: InnoDB sees a deadlock if several wait in an INSERT.
      const waits = (sql: string): boolean => /^INSERT|GET_LOCK|FOR UPDATE/.test(sql)
      await until(() => database.lacks['concurrent writers'] !== undefined || statements.slice(before).filter(waits).length >= 3)
      goOn()
      await maker
      expect((await waiting).filter(({ wasCreated }) => wasCreated)).toHaveLength(1)
      expect(await Counted.filter({ code }).count()).toBe(1)
    }
  })

  row('firstOrCreate that meets a value which is taken leaves the session as it was', async ({ db, User }) => {
    const { Member, Seat } = await catalogue(db)
    await User.create({ name: 'gone', email: 'a@b.cd' }).delete()
    await Seat.create({ row: 1, number: 1, guest: 'Ada' })
    await db.run(async () => {
      await Member.create({ email: 'before' })
      await expect(User.firstOrCreate({ email: 'a@b.cd' }, { name: 'new' })).rejects.toMatchObject({
        code: 'UNIQUE',
        status: 409,
        columns: ['email'],
      })
      await expect(User.updateOrCreate({ email: 'a@b.cd' }, { name: 'new' })).rejects.toBeInstanceOf(UniqueError)
      await expect(Seat.firstOrCreate({ row: 2, number: 2 }, { guest: 'Ada' })).rejects.toMatchObject({
        code: 'UNIQUE',
        columns: ['guest'],
      })
      await Member.firstOrCreate({ email: 'after' })
    })
    expect((await Member.query().orderBy('id').all()).map(({ email }) => email)).toEqual(['before', 'after'])
    expect(await User.query({ includeDeleted: true }).count()).toBe(1)
    await expect(User.firstOrCreate({ email: 'a@b.cd' }, { name: 'new' })).rejects.toBeInstanceOf(UniqueError)
  })

  row('where nothing is unique, firstOrCreate makes one for each who finds none', async ({ User }) => {
    const first = await User.firstOrCreate({ name: 'same' })
    expect(await User.firstOrCreate({ name: 'same' })).toMatchObject({ id: first.id, wasCreated: false })
    expect(await User.firstOrCreate({ name: 'same', location: 'Moon' })).toMatchObject({ location: 'Moon', wasCreated: true })
  })

  row('firstOrCreate takes what create takes, whether the record is there or not', async ({ db, User, Post }) => {
    const { Member } = await catalogue(db)
    await Member.create({ email: 'here' })
    for (const email of ['here', 'new']) {
      const ways: readonly (() => PromiseLike<unknown>)[] = [
        () => Member.firstOrCreate({ email }, { nope: 1 } as never),
        () => Member.firstOrCreate({ email }, { secret: 'x' }),
        () => Member.firstOrCreate({ email }, { points: 'x' } as never),
        () => Member.firstOrCreate({ email, id: 7 } as never),
        () => Member.firstOrCreate({ email: gt('a') } as never),
        () => Member.updateOrCreate({ email }, { secret: 'x' }),
        () => Member.updateOrCreate({ email }, { id: 5 } as never),
      ]
      for (const way of ways) await expect(way()).rejects.toMatchObject({ status: 422 })
    }
    for (const where of [{}, undefined, null, [], 'here', () => ({}), { email: undefined }, { email: null }, { email: ['here'] }]) {
      await expect(Member.firstOrCreate(where as never)).rejects.toSatisfy(({ status }) => status === 400 || status === 422)
      await expect(Member.updateOrCreate(where as never, {})).rejects.toSatisfy(({ status }) => status === 400 || status === 422)
    }
    expect(await Member.count()).toBe(1)
    expect(await Member.firstOrCreate({ email: 'new' }, { secret: 'x' }, { unguarded: true })).toMatchObject({ secret: 'x' })
    const author = await User.create({ name: 'Ada' })
    const post = await Post.firstOrCreate({ title: 'First', author })
    expect(await Post.firstOrCreate({ title: 'First', author })).toMatchObject({ id: post.id, wasCreated: false })
    expect(await Post.count()).toBe(1)
  })

  row("a save of the model's own is called, and what it wrote is undone where the value is taken", async ({ db, Tag }) => {
    class Own extends db.Model('Own', { code: db.Column(db.String(25), { unique: true }) }) {
      override save() {
        return Tag.create({ label: this.code })
          .update({})
          .toDict()
          .then(() => super.save()) as never
      }
    }
    await db.createAll()
    const made = await many(() => db.run(() => Own.firstOrCreate({ code: 'x' })))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
    expect(await Tag.count()).toBe(1)
  })

  // ---------------------------------------------------------------------------------------------- updateOrCreate

  row('updateOrCreate updates what is there, else makes it', async ({ db, sent }) => {
    const { Counted } = await catalogue(db)
    expect(await Counted.updateOrCreate({ code: 'a' }, { name: 'one' })).toMatchObject({ name: 'one', version: 1, wasCreated: true })
    expect(await Counted.updateOrCreate({ code: 'a' }, { name: 'two' })).toMatchObject({ name: 'two', version: 2, wasCreated: false })
    expect(await Counted.updateOrCreate({ code: 'a' }, { code: 'b' })).toMatchObject({ code: 'b', name: 'two' })
    expect(await Counted.count()).toBe(1)
    expect(await sent(() => Counted.updateOrCreate({ code: 'b' }, {}))).toHaveLength(1)
    await db.run(async () => {
      const loaded = await Counted.firstOrError({ code: 'b' })
      expect(await Counted.updateOrCreate({ code: 'b' }, { name: 'three' })).toBe(loaded)
      expect(loaded.name).toBe('three')
    })
  })

  row('32 who call updateOrCreate on one key make one row, and no update is lost', async ({ db }) => {
    const { Counted } = await catalogue(db)
    const alone = await many((index) => Counted.updateOrCreate({ code: 'alone' }, { name: `n${index}` }))
    expect(alone.filter(({ wasCreated }) => wasCreated)).toHaveLength(1)
    expect(await Counted.first({ code: 'alone' })).toMatchObject({ version: 32 })
    await many((index) => db.run(() => Counted.updateOrCreate({ code: 'scope' }, { name: `n${index}` })))
    expect(await Counted.first({ code: 'scope' })).toMatchObject({ version: 32 })
    expect(await Counted.count()).toBe(2)
  })

  row('those who upsert a key while the first is rolled back all come to their end, with one row', async ({ db, statements }) => {
    const { Counted } = await catalogue(db)
    for (const codes of [['a'], ['b', 'c']]) {
      const upsert = (): Promise<object[]> =>
        Counted.upsertMany(
          codes.map((code) => ({ code, name: 'n' })),
          { on: ['code'] },
        )
      const [written, undone] = [latch(), latch()]
      const first = db.run(async () => {
        await upsert()
        written.open()
        await undone.promise
        throw new Error('undo')
      })
      await written.promise
      const before = statements.length
      const others = Promise.all(Array.from({ length: 31 }, () => db.run(upsert)))
      // Several have sent what waits for the first one.
      const waits = (sql: string): boolean => /^INSERT|GET_LOCK/.test(sql)
      await until(() => database.lacks['concurrent writers'] !== undefined || statements.slice(before).filter(waits).length >= 5)
      undone.open()
      await expect(first).rejects.toThrow('undo')
      await others
    }
    expect((await Counted.query().orderBy('code').all()).map(({ code, version }) => [code, version])).toEqual([
      ['a', 31],
      ['b', 31],
      ['c', 31],
    ])
  })

  row(
    "with commit: 'save' each is committed by itself, and what failed takes nothing along",
    async ({ db, User }) => {
      const { Counted } = await catalogue(db)
      await User.create({ name: 'gone', email: 'gone@b.cd' }).delete()
      await db
        .run(async () => {
          await Counted.firstOrCreate({ code: 'a' })
          await expect(User.firstOrCreate({ email: 'gone@b.cd' }, { name: 'n' })).rejects.toBeInstanceOf(UniqueError)
          await Counted.updateOrCreate({ code: 'a' }, { name: 'A' })
          await Counted.upsertMany([{ code: 'b' }], { on: ['code'] })
          throw new Error('too late')
        })
        .catch(() => undefined)
      expect(await Counted.query().orderBy('code').all()).toMatchObject([
        { code: 'a', name: 'A', version: 2 },
        { code: 'b', version: 1 },
      ])
      await many(() => db.run(() => Counted.updateOrCreate({ code: 'c' }, { name: 'n' })))
      expect(await Counted.first({ code: 'c' })).toMatchObject({ version: 32 })
    },
    { commit: 'save' },
  )

  row('a model that listeners of TypeORM hear is found or made too, and upsertMany calls none', async ({ db }) => {
    class Heard extends db.Model('Heard', { code: db.Column(db.String(9), { unique: true }) }) {
      heard(): void {
        calls += 1
      }
    }
    let calls = 0
    BeforeInsert()(Heard.prototype, 'heard')
    await db.createAll()
    const made = await Promise.all(Array.from({ length: 8 }, () => db.run(() => Heard.firstOrCreate({ code: 'a' }))))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
    expect(made.filter(({ wasCreated }) => wasCreated)).toHaveLength(1)
    const before = calls
    expect(before).toBeGreaterThan(0)
    await Heard.upsertMany([{ code: 'a' }, { code: 'b' }], { on: ['code'] })
    expect(calls).toBe(before)
    expect(await Heard.count()).toBe(2)
  })

  // ---------------------------------------------------------------------------------------------- upsertMany

  row('upsertMany inserts what is new and changes what is there, in the order of the rows', async ({ db, sent }) => {
    const { Counted } = await catalogue(db)
    const [old] = await Counted.createMany([
      { code: 'b', name: 'old' },
      { code: 'z', name: 'other' },
    ])
    const before = await Counted.getOrError(old?.id)
    let records: InstanceType<typeof Counted>[] = []
    const statements = await sent(async () => {
      records = await Counted.upsertMany(
        [
          { code: 'c', name: 'C' },
          { code: 'b', name: 'B' },
          { code: 'a', name: 'A' },
        ],
        { on: ['code'] },
      )
    })
    expect(statements).toHaveLength(1)
    expect(records.map(({ code, name, version }) => [code, name, version])).toEqual([
      ['c', 'C', 1],
      ['b', 'B', 2],
      ['a', 'A', 1],
    ])
    expect(records[1]).toMatchObject({ id: old?.id, isNew: false, isDirty: false })
    expect(+(records[1]?.createdAt ?? 0)).toBe(+before.createdAt)
    expect(+(records[1]?.updatedAt ?? 0)).toBeGreaterThanOrEqual(+before.updatedAt)
    expect(await Counted.count()).toBe(4)
    for (const record of records) expect(await Counted.get(record.id)).toMatchObject(record.toDict())
    expect(await Counted.upsertMany([], { on: ['code'] })).toEqual([])
    expect(await records[1]?.update({ name: 'again' })).toMatchObject({ version: 3 })
  })

  row('upsertMany changes only what it is told, and leaves alone what a row does not give', async ({ db }) => {
    const { Member } = await catalogue(db)
    await Member.createMany([
      { email: 'a', name: 'A', points: 1 },
      { email: 'b', name: 'B', points: 1 },
    ])
    await Member.upsertMany(
      [
        { email: 'a', name: 'AA' },
        { email: 'b', points: 5 },
        { email: 'c', points: 7 },
      ],
      { on: ['email'] },
    )
    await Member.upsertMany([{ email: 'b', name: 'no', points: 6 }], { on: ['email'], update: ['points'] })
    const [kept] = await Member.upsertMany([{ email: 'a', name: 'no', points: 9 }], { on: ['email'], update: [] })
    expect(kept).toMatchObject({ name: 'AA', points: 1 })
    const rows = await Member.query('email', 'name', 'points').orderBy('email').all()
    expect(rows.map(({ email, name, points }) => [email, name, points])).toEqual([
      ['a', 'AA', 1],
      ['b', 'B', 6],
      ['c', '-', 7],
    ])
  })

  row('the loaded records of the session follow an upsert, and have their earlier values again when it is undone', async ({ db }) => {
    const { Member } = await catalogue(db)
    await Member.createMany([
      { email: 'a', name: 'A' },
      { email: 'b', name: 'B' },
    ])
    await db.run(async () => {
      const [a, b] = await Member.query().orderBy('email').all()
      if (b) b.points = 3
      const [same, other] = await Member.upsertMany(
        [
          { email: 'a', name: 'AA' },
          { email: 'b', name: 'BB' },
        ],
        { on: ['email'] },
      )
      expect([same, other]).toEqual([a, b])
      expect(same).toBe(a)
      expect([a?.name, b?.name, b?.points, b?.isDirty]).toEqual(['AA', 'BB', 3, true])
      await db
        .transaction(async () => {
          await Member.upsertMany([{ email: 'a', name: 'undone' }], { on: ['email'] })
          expect(a?.name).toBe('undone')
          throw new Error('undo')
        })
        .catch(() => undefined)
      expect([a?.name, a?.isDirty]).toEqual(['AA', false])
    })
    expect(await Member.first({ email: 'b' })).toMatchObject({ name: 'BB', points: 0 })
  })

  row(
    'upsertMany refuses a key twice, a row without one, and a deleted row: nothing of it is kept, and the session goes on',
    async ({ db, User }) => {
      const { Seat, Member } = await catalogue(db)
      await User.create({ name: 'gone', email: 'gone@b.cd' }).delete()
      await db.run(async () => {
        const rows = (...emails: (string | null)[]) => emails.map((email) => ({ email, name: 'n' }))
        await expect(User.upsertMany(rows('a@b.cd', 'A@b.cd'), { on: ['email'] })).rejects.toMatchObject({
          code: 'INVALID_VALUE',
          status: 422,
        })
        await expect(User.upsertMany(rows('a@b.cd', null), { on: ['email'] })).rejects.toMatchObject({ code: 'INVALID_VALUE', status: 422 })
        await expect(User.upsertMany(rows('a@b.cd', 'gone@b.cd', 'c@b.cd'), { on: ['email'] })).rejects.toMatchObject({
          code: 'UNIQUE',
          columns: ['email'],
        })
        await expect(User.upsertMany([{ name: 'n' }], { on: ['name'] })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
        await expect(User.upsertMany([{ name: 'n' }], { on: ['nope'] } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
        await expect(User.upsertMany([{ name: 'n' }], {} as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
        await expect(User.upsertMany(rows('a@b.cd'), { on: ['email'], update: ['id'] } as never)).rejects.toMatchObject({ status: 422 })
        await expect(User.upsertMany([{ email: 'a@b.cd', name: 'n', id: 9 }] as never, { on: ['email'] })).rejects.toMatchObject({
          status: 422,
        })
        await expect(User.upsertMany('x' as never, { on: ['email'] })).rejects.toMatchObject({ status: 422 })
        await expect(Member.upsertMany([{ email: 'a', secret: 'x' }], { on: ['email'] })).rejects.toMatchObject({ status: 422 })
        await User.create({ name: 'after' })
      })
      expect((await User.query().all()).map(({ name }) => name)).toEqual(['after'])
      expect(await User.query({ onlyDeleted: true }).all()).toMatchObject([{ name: 'gone', isDeleted: true }])

      // A row that clashes by another key than the one that was named is an error on every database.
      await Seat.createMany([
        { row: 1, number: 1, guest: 'Ada' },
        { row: 1, number: 2, guest: 'Bob' },
      ])
      await expect(Seat.upsertMany([{ row: 1, number: 3, guest: 'Ada' }], { on: ['row', 'number'] })).rejects.toMatchObject({
        code: 'UNIQUE',
      })
      // The row that is found keeps its key, whatever else has the one that was given.
      expect(await Seat.upsertMany([{ row: 1, number: 1, guest: 'Bob' }], { on: ['guest'] })).toMatchObject([{ number: 2n, guest: 'Bob' }])
      const [moved] = await Seat.upsertMany([{ row: 1, number: 2, guest: 'Cay' }], { on: ['row', 'number'] })
      expect(moved).toMatchObject({ row: 1, number: 2n, guest: 'Cay' })
      expect((await Seat.query().orderBy('number').all()).map(({ guest }) => guest)).toEqual(['Ada', 'Cay'])
    },
  )

  row('32 who upsert the same rows in another order each wait for nobody in a circle, and no change is lost', async ({ db }) => {
    const { Counted } = await catalogue(db)
    const codes = Array.from({ length: 20 }, (_, index) => `c${index}`)
    await many((index) => {
      const rows = codes.map((code) => ({ code, name: `n${index}` }))
      return db.run(() => Counted.upsertMany(index % 2 ? rows : rows.reverse(), { on: ['code'] }))
    })
    const counted = await Counted.query().all()
    expect(counted.map(({ version }) => version)).toEqual(codes.map(() => 32))
    // The last to commit has written all of them.
    expect(new Set(counted.map(({ name }) => name)).size).toBe(1)
  })

  row('upsertMany writes more rows than a statement takes', async ({ db }) => {
    const { Counted } = await catalogue(db)
    await Counted.create({ code: 'c7', name: 'old' })
    const rows = Array.from({ length: 3_000 }, (_, index) => ({ code: `c${index}`, name: 'new' }))
    const records = await Counted.upsertMany(rows, { on: ['code'] })
    expect(records.map(({ code }) => code)).toEqual(rows.map(({ code }) => code))
    expect(records.filter(({ version }) => version === 2).map(({ code }) => code)).toEqual(['c7'])
    expect(await Counted.count()).toBe(3_000)
  })

  // ---------------------------------------------------------------------------------------------- unique: 'live'

  row("unique: 'live' is unique among rows that are not deleted", async ({ db, raw, sent }) => {
    const { Member } = await catalogue(db)
    const first = await Member.create({ email: 'a' })
    await expect(Member.create({ email: 'a' })).rejects.toMatchObject({ code: 'UNIQUE', status: 409, columns: ['email'] })
    await first.delete()
    const second = await Member.firstOrCreate({ email: 'a' })
    expect(second.wasCreated).toBe(true)
    await expect(first.restore()).rejects.toMatchObject({ code: 'UNIQUE', columns: ['email'] })
    await second.delete()
    const [third] = await Member.upsertMany([{ email: 'a' }], { on: ['email'] })
    expect(await Member.upsertMany([{ email: 'a', name: 'again' }], { on: ['email'] })).toMatchObject([{ id: third?.id, name: 'again' }])
    expect(await Member.query({ includeDeleted: true }).count()).toBe(3)
    expect((await raw(`select email from ${quoted(database, 'member')} where deleted_at is null`)).length).toBe(1)
    await third?.reload()
    expect(Object.keys(third?.toDict() ?? {}).toSorted()).toEqual(
      ['createdAt', 'deletedAt', 'email', 'id', 'isDeleted', 'name', 'points', 'secret', 'updatedAt'].toSorted(),
    )
    expect(Object.keys(third ?? {}).filter((key) => /live/i.test(key))).toEqual([])
    expect(await sent(() => Member.create({ email: 'b' }))).toHaveLength(1)
  })

  row("a migration finds nothing to change after createAll of a column with unique: 'live'", async ({ db }) => {
    await catalogue(db)
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  row("where nothing is deleted softly, unique: 'live' is unique", async ({ db }) => {
    class Plain extends db.BaseModel('Plain', {
      id: db.Column(db.Integer, { primary: true, generated: true }),
      code: db.Column(db.String(9), { unique: 'live' }),
    }) {}
    await db.createAll()
    await Plain.create({ code: 'a' })
    await expect(Plain.create({ code: 'a' })).rejects.toMatchObject({ code: 'UNIQUE', columns: ['code'] })
    expect(await Plain.upsertMany([{ code: 'a' }], { on: ['code'] })).toMatchObject([{ id: 1 }])
  })
}
