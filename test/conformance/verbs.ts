import { ConflictError, DateTime, RecordNotFoundError, type RecordPromise } from '@active-alchemy/core'
import { EventSubscriber } from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, models, names, rowIn } from './store.ts'

/** What one record can do, and what each of it costs. */
export function verbRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('create inserts, and gives the record with its key, its stamps and its defaults', async ({ User }) => {
    const before = DateTime.utc()
    const user = await User.create({ name: 'Mardix', location: 'Moon' })
    expect(user).toMatchObject({ id: 1, name: 'Mardix', location: 'Moon', points: 0, email: null, isDeleted: false, deletedAt: null })
    expect(user.createdAt.toMillis()).toBeGreaterThanOrEqual(before.toMillis())
    expect(user.createdAt.zoneName).toBe('UTC')
    expect(+user.updatedAt).toBe(+user.createdAt)
    expect((await User.create({ name: 'Other' })).location).toBe('USA')
    expect(await User.get(user.id)).toMatchObject(user.toDict())
  })

  row('new and save are create', async ({ User }) => {
    const user = new User({ name: 'Mardix' })
    expect([user.isNew, user.isDirty, user.id]).toEqual([true, true, undefined])
    expect(await user.save()).toBe(user)
    expect([user.isNew, user.isDirty, user.id]).toEqual([false, false, 1])
  })

  row('each verb is one statement', async ({ User, sent }) => {
    let user = await User.create({ name: 'a' })
    expect(await sent(() => User.create({ name: 'b' }))).toHaveLength(1)
    expect(await sent(async () => (user = (await User.get(1)) ?? user))).toHaveLength(1)
    expect(await sent(() => user.update({ name: 'c' }))).toHaveLength(1)
    expect(await sent(() => user.save())).toHaveLength(0)
    // What the call names is written, whatever the object remembers: the row may have moved meanwhile.
    expect(await sent(() => user.update({ name: 'c' }))).toHaveLength(1)
    expect(await sent(() => user.increment('points'))).toHaveLength(database.lacks['returning'] ? 2 : 1)
    expect(await sent(() => user.delete())).toHaveLength(1)
    expect(await sent(() => user.restore())).toHaveLength(1)
    expect(await sent(() => user.delete({ hardDelete: true }))).toHaveLength(1)
  })

  row('by itself, outside any scope, it is one message: a statement that is its own transaction', async (store) => {
    const { db, User, Post, statements } = store
    const all = async (call: () => PromiseLike<unknown>): Promise<number> => {
      const before = statements.length
      await call()
      return statements.length - before
    }
    await User.create({ name: 'first' })
    let user = await User.create({ name: 'a' })
    expect(await all(async () => (user = await User.create({ name: 'b' })))).toBe(1)
    expect(await all(() => user.update({ name: 'c' }))).toBe(1)
    // What is read back by a statement of its own must still be what was written.
    expect(await all(() => user.increment('points'))).toBe(database.lacks['returning'] ? 4 : 1)
    expect(await all(() => user.delete())).toBe(1)
    expect(await all(() => user.restore())).toBe(1)
    expect(await all(() => user.delete({ hardDelete: true }))).toBe(1)
    // Several statements are one transaction.
    expect(await all(() => Post.create({ title: 'x', author: new User({ name: 'd' }) }))).toBe(4)
    expect(await all(() => User.createMany([{ name: 'e' }, { name: 'f' }]))).toBeGreaterThan(2)
    // Who wants to hear of a transaction hears of it.
    let begun = 0
    db.onBegin(() => (begun += 1))
    expect(await all(() => User.create({ name: 'g' }))).toBe(3)
    expect(begun).toBe(1)
    expect(await names(store)).toEqual(['first', 'a', 'd', 'e', 'f', 'g'])
  })

  row('by itself, it fails as it would in a transaction, and its record is as it was', async (store) => {
    const { User } = store
    const taken = await User.create({ name: 'a', email: 'a@example.org' })
    const user = await User.create({ name: 'b', email: 'b@example.org' })
    await expect(user.update({ email: 'a@example.org' })).rejects.toMatchObject({ code: 'UNIQUE', columns: ['email'] })
    const fresh = new User({ name: 'c', email: 'a@example.org' })
    await expect(fresh.save()).rejects.toMatchObject({ code: 'UNIQUE' })
    expect([fresh.isNew, fresh.id]).toEqual([true, undefined])
    fresh.email = 'c@example.org'
    await fresh.save()
    await taken.delete({ hardDelete: true })
    await expect(taken.update({ name: 'd' })).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' })
    expect(await names(store)).toEqual(['b', 'c'])
  })

  it('by itself, it is a transaction where a subscriber of another model waits to hear of one', () => {
    const heard: string[] = []
    class Listener {
      listenTo(): string {
        return 'Country'
      }
      beforeTransactionStart(): void {
        heard.push('start')
      }
      afterTransactionCommit(): void {
        heard.push('commit')
      }
    }
    EventSubscriber()(Listener)
    return inStore(
      database,
      async ({ db, User }) => {
        await User.count()
        expect(db.dataSource.subscribers).toHaveLength(1)
        heard.length = 0
        await User.create({ name: 'a' })
        expect(heard).toEqual(['start', 'commit'])
      },
      { typeorm: { subscribers: [Listener] } },
    )
  })

  row('by itself, nothing is kept where what the database has filled in cannot be read', async ({ db, raw }) => {
    const text = db.String(10)
    const unreadable = {
      ...text,
      storage: (kind: Parameters<typeof text.storage>[0]) => ({
        ...text.storage(kind),
        transformer: {
          to: (value: unknown) => value,
          from(): never {
            throw new Error('unreadable')
          },
        },
      }),
    }
    class Draft extends db.Model('Draft', { state: db.Column(unreadable, { serverDefault: "'new'" }) }) {}
    await db.createAll()
    await db.dataSource.query('select 1')
    await expect(Draft.create({})).rejects.toThrow('unreadable')
    expect(await raw('select id from draft')).toEqual([])
  })

  row('by itself, with a save of its own that fails at its end, nothing of it is kept', async ({ db, raw }) => {
    class Draft extends db.Model('Draft', { text: db.Column(db.String(20)) }) {
      override save(): RecordPromise<this> {
        return super.save().update({ text: 'longer than it may ever be' })
      }
    }
    await db.createAll()
    const draft = await Draft.createMany([{ text: 'first' }])
    await expect(draft[0]?.update({ text: 'second' })).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    expect(await raw('select text from draft')).toEqual([{ text: 'first' }])
  })

  // A database in memory cannot be opened twice.
  if (!database.lacks['a connection for each session']) {
    row('by itself, it waits for a row that somebody holds no longer than in a transaction', async ({ db, User, another }) => {
      const user = await User.create({ name: 'a' })
      const { User: Other } = models(another({ poolTimeoutMs: 500 }))
      const other = await Other.getOrError(user.id)
      await db.run(async () => {
        await user.update({ name: 'held' })
        const code = database.lacks['concurrent writers'] ? 'POOL_TIMEOUT' : 'LOCK_TIMEOUT'
        await expect(db.detach(() => other.update({ name: 'b' }))).rejects.toMatchObject({ code, status: 503 })
      })
      expect((await User.getOrError(user.id)).name).toBe('held')
    })
  }

  row('an update sends the columns that changed, and no SELECT', async ({ User, sent }) => {
    const user = await User.create({ name: 'a' })
    const [sql = ''] = await sent(() => user.update({ name: 'b' }))
    expect(sql).toMatch(/^UPDATE/)
    expect(sql).toContain('name')
    expect(sql).not.toContain('location')
  })

  row('update moves updatedAt, a save without a change does not', async ({ User }) => {
    const user = await User.create({ name: 'a' })
    const { updatedAt, createdAt } = user
    await new Promise((resolve) => setTimeout(resolve, 5))
    await user.save()
    expect(+user.updatedAt).toBe(+updatedAt)
    await user.update({ name: 'b' })
    expect(+user.updatedAt).toBeGreaterThan(+updatedAt)
    expect(+user.createdAt).toBe(+createdAt)
  })

  row('a change inside JSON is seen', async ({ User }) => {
    const user = await User.create({ name: 'a', settings: { theme: 'dark', tags: [1] } })
    const settings = user.settings as { theme: string; tags: number[] }
    settings.tags.push(2)
    expect(user.isDirty).toBe(true)
    expect(user.changes).toEqual({ settings: { theme: 'dark', tags: [1, 2] } })
    await user.save()
    expect((await User.getOrError(user.id)).settings).toEqual({ theme: 'dark', tags: [1, 2] })
  })

  row('reload takes the row, and drops what was not saved', async ({ User, raw }) => {
    const user = await User.create({ name: 'a' })
    user.name = 'unsaved'
    await raw(`update ${quoted(database, 'user')} set location = 'Mars'`)
    await user.reload()
    expect(user).toMatchObject({ name: 'a', location: 'Mars', isDirty: false })
  })

  row('increment adds in the database, and the object follows', async ({ User }) => {
    const user = await User.create({ name: 'a' })
    const same = await User.getOrError(user.id)
    await Promise.all(Array.from({ length: 10 }, () => user.increment('points', 2)))
    expect([user.points, user.isDirty]).toEqual([20, false])
    expect(await same.decrement('points', 5)).toMatchObject({ points: 15 })
    await expect(user.increment('points', -16, { min: 0 })).rejects.toBeInstanceOf(ConflictError)
    await expect(user.increment('points', 1, { max: 15 })).rejects.toMatchObject({ code: 'CONFLICT', status: 409 })
    await expect(user.increment('points', Number.NaN)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(user.increment('name' as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(user.increment('id' as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(user.increment('points', 0.5)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect((await User.getOrError(user.id)).points).toBe(15)
  })

  row('a bound of increment may be reached, and not passed', async ({ User }) => {
    const user = await User.create({ name: 'a', points: 5 })
    expect(await user.decrement('points', 5, { min: 0 })).toMatchObject({ points: 0 })
    await expect(user.decrement('points', 1, { min: 0 })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await user.increment('points', 7, { max: 7 })).toMatchObject({ points: 7 })
    await expect(user.increment('points', 1, { max: 7 })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await User.getOrError(user.id)).points).toBe(7)
  })

  row('every way to get a record locks its row when asked', async ({ User, db, sent }) => {
    const { id } = await User.create({ name: 'a' })
    const ways: readonly (() => PromiseLike<unknown>)[] = [
      () => User.get(id, { forUpdate: true }),
      () => User.getOrError(id, { forUpdate: true }),
      () => User.getOrError(id, Error, { forUpdate: true }),
      () => User.query().forUpdate().getOrError(id),
      () => db.session.get(User, id, { forUpdate: true }),
    ]
    for (const way of ways) {
      const statements = await sent(() => db.run(async () => way()))
      expect(statements).toHaveLength(1)
      // SQLite locks the database when the transaction begins.
      if (!database.lacks['concurrent writers']) expect(statements[0]).toMatch(/FOR UPDATE/)
    }
    await Promise.all(
      Array.from({ length: 20 }, () =>
        db.run(async () => {
          const user = await User.getOrError(id, { forUpdate: true })
          await user.update({ points: user.points + 1 })
        }),
      ),
    )
    expect((await User.getOrError(id)).points).toBe(20)
  })

  row('fifty concurrent read-change-write with a lock lose nothing', async ({ User, db }) => {
    const { id } = await User.create({ name: 'a' })
    await Promise.all(
      Array.from({ length: 50 }, () =>
        db.transaction(async () => {
          const user = await User.getOrError(id)
          const locked = await User.get(id, { forUpdate: true })
          await (locked ?? user).update({ points: (locked ?? user).points + 1 })
        }),
      ),
    )
    expect((await User.getOrError(id)).points).toBe(50)
  })

  row('a chain is awaited once, each verb on the record of the one before', async ({ User }) => {
    const { id } = await User.create({ name: 'a' })
    const user = await User.get(id).delete().delete(false).update({ location: 'St. Louis' })
    expect(user).toMatchObject({ location: 'St. Louis', isDeleted: false })
    expect(await User.get(id).update({ points: 1 }).toDict()).toMatchObject({ id, points: 1 })
    expect(await User.get(id).set({ points: 2 }).save().reload()).toMatchObject({ points: 2 })
    const createdAt = DateTime.utc(2020)
    const older = await User.get(id).update({ createdAt }, { unguarded: true })
    expect(+older.createdAt).toBe(+createdAt)
  })

  row('a chain on a record that does not exist is not found, status 404', async ({ User }) => {
    await expect(User.get(99).update({ name: 'b' })).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND', status: 404, statusCode: 404 })
    expect(await User.get(99)).toBeNull()
  })

  row('after a hard delete the object keeps its values and has no row', async ({ User }) => {
    const user = await User.create({ name: 'a' })
    expect(await user.delete({ hardDelete: true })).toBe(user)
    expect([user.name, user.isNew]).toEqual(['a', false])
    await expect(user.save()).rejects.toBeInstanceOf(RecordNotFoundError)
    await expect(user.update({ name: 'b' }).restore()).rejects.toBeInstanceOf(RecordNotFoundError)
  })

  row('an update of a row that is gone is not found, and no silence', async ({ User, raw }) => {
    const user = await User.create({ name: 'a' })
    await raw(`delete from ${quoted(database, 'user')}`)
    await expect(user.update({ name: 'b' })).rejects.toBeInstanceOf(RecordNotFoundError)
    await expect(user.reload()).rejects.toBeInstanceOf(RecordNotFoundError)
  })

  row('delete does what it is told, and nothing else', async ({ User }) => {
    const user = await User.create({ name: 'a' })
    for (const how of [null, 0, 'x', { hard: true }, [1]]) {
      await expect(user.delete(how as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      await expect(User.get(user.id).delete(how as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    }
    await expect(User.query().deleteAll({ hard: true } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(await User.count()).toBe(1)
    expect((await user.delete(undefined)).isDeleted).toBe(true)
    expect((await user.delete({ hardDelete: false })).isDeleted).toBe(true)
  })

  row('what a verb refuses it refuses by its promise', async ({ User, Country, db }) => {
    const wrong: readonly (() => PromiseLike<unknown>)[] = [
      () => User.count({ nope: 1 } as never),
      () => User.exists({ nope: 1 } as never),
      () => User.first({ nope: 1 } as never),
      () => User.firstOrError({ nope: 1 } as never),
      () => User.paginate({ perPage: 0 }),
      () => User.createMany({ name: 'a' } as never),
      () => User.query().updateAll({ nope: 1 } as never),
      () => Country.query().restoreAll({ allRows: true }),
      () => db.transaction(async () => undefined, { retries: -1 }),
    ]
    for (const way of wrong) {
      let promise: PromiseLike<unknown> | undefined
      expect(() => (promise = way())).not.toThrow()
      await expect(promise).rejects.toHaveProperty('code')
    }
  })

  row('createMany inserts all or none, with few statements', async ({ User, sent }) => {
    let users: readonly { id: number }[] = []
    const statements = await sent(async () => {
      users = await User.createMany(Array.from({ length: 100 }, (_, index) => ({ name: `n${index}` })))
    })
    if (!database.lacks['returning']) expect(statements).toHaveLength(1)
    expect(new Set(users.map(({ id }) => id)).size).toBe(100)
    await expect(
      User.createMany([
        { name: 'x', email: 'a@b.cd' },
        { name: 'y', email: 'a@b.cd' },
      ]),
    ).rejects.toMatchObject({ code: 'UNIQUE' })
    expect(await User.count()).toBe(100)
    expect(await User.createMany([])).toEqual([])
  })

  row('getOrError and firstOrError throw an error, its class, or what a function gives', async ({ User }) => {
    class Missing extends Error {}
    const error = new Missing('none')
    await expect(User.getOrError(1, error)).rejects.toBe(error)
    await expect(User.getOrError(1, Missing)).rejects.toBeInstanceOf(Missing)
    expect(await User.getOrError(1, () => 'fallback')).toBe('fallback')
    await expect(User.getOrError(1)).rejects.toMatchObject({ status: 404 })
    await expect(User.firstOrError({ name: 'x' })).rejects.toMatchObject({ status: 404 })
    await expect(User.query().firstOrError(Missing)).rejects.toBeInstanceOf(Missing)
    await expect(User.query().getOrError(1, Missing)).rejects.toBeInstanceOf(Missing)
    const user = await User.create({ name: 'a' })
    expect(await User.getOrError(user.id, Missing)).toMatchObject({ name: 'a' })
    expect(await User.firstOrError({ name: 'a' }, Missing)).toMatchObject({ name: 'a' })
  })

  row('toDict has every column, toJSON is what JSON can say', async ({ User }) => {
    const user = await User.create({ name: 'a', lastAccess: DateTime.fromISO('2026-01-02T03:04:05.678Z') })
    expect(Object.keys(user.toDict())).toEqual([
      'id',
      'createdAt',
      'updatedAt',
      'isDeleted',
      'deletedAt',
      'name',
      'location',
      'email',
      'lastAccess',
      'settings',
      'points',
    ])
    expect(DateTime.isDateTime(user.toDict()['lastAccess'])).toBe(true)
    expect(JSON.parse(JSON.stringify(user))).toMatchObject({ id: 1, name: 'a', lastAccess: '2026-01-02T03:04:05.678Z', deletedAt: null })
  })

  row('a BaseModel has its own key and no soft delete', async ({ Country, sent }) => {
    const iceland = await Country.create({ code: 'IS', name: 'Iceland' })
    expect(iceland.toDict()).toEqual({ code: 'IS', name: 'Iceland' })
    expect(await Country.get('IS')).toMatchObject({ name: 'Iceland' })
    await iceland.update({ name: 'Ísland' })
    await expect(iceland.delete(...([false] as unknown as []))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(iceland.restore()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await sent(() => iceland.delete())).toHaveLength(1)
    expect(await Country.get('IS')).toBeNull()
  })

  row('create is an INSERT, never an upsert', async ({ Country }) => {
    await Country.create({ code: 'IS', name: 'Iceland' })
    await expect(Country.create({ code: 'IS', name: 'Overwritten' })).rejects.toMatchObject({ code: 'UNIQUE', status: 409 })
    expect(await Country.get('IS')).toMatchObject({ name: 'Iceland' })
  })

  row('each type goes in and out', async ({ db }) => {
    class Sample extends db.Model('Sample', {
      text: db.Column(db.Text, { nullable: true }),
      big: db.Column(db.BigInteger, { nullable: true }),
      price: db.Column(db.Numeric(10, 2), { nullable: true }),
      ratio: db.Column(db.Float, { nullable: true }),
      flag: db.Column(db.Boolean, { nullable: true }),
      day: db.Column(db.Date, { nullable: true }),
      hour: db.Column(db.Time, { nullable: true }),
      moment: db.Column(db.DateTime, { nullable: true }),
      data: db.Column(db.JSONType, { nullable: true }),
      email: db.Column(db.EmailType(), { nullable: true }),
      uuid: db.Column(db.UUID, { nullable: true }),
      bytes: db.Column(db.LargeBinary, { nullable: true }),
    }) {}
    await db.createAll()
    const values = {
      text: 'ä€😀 \' " \\ %_',
      big: 9_007_199_254_740_993n,
      price: '12345678.90',
      ratio: 0.1,
      flag: true,
      day: '2026-02-28',
      hour: '23:59:58',
      moment: DateTime.fromISO('2026-07-01T12:00:00.123', { zone: 'America/New_York' }),
      data: { a: [1, null, 'x'], b: { c: true } },
      email: 'Some.One@Example.org',
      uuid: '6f1d2a58-94a1-4d3b-9a70-0c6f5f7c1a11',
      bytes: Buffer.from([0, 255, 1]),
    }
    const long = await Sample.create({ text: 'x'.repeat(100_000) })
    expect((await Sample.getOrError(long.id)).text).toHaveLength(100_000)
    const { id } = await Sample.create(values as never)
    const read = await Sample.getOrError(id)
    expect({ ...read.toDict(), bytes: [...((read.bytes as Uint8Array | null) ?? [])] }).toMatchObject({
      text: values.text,
      big: values.big,
      price: values.price,
      ratio: 0.1,
      flag: true,
      day: '2026-02-28',
      hour: '23:59:58',
      data: values.data,
      uuid: values.uuid,
      bytes: [0, 255, 1],
    })
    expect(read.moment?.toISO()).toBe('2026-07-01T16:00:00.123Z')
    expect(await Sample.first({ moment: values.moment })).toMatchObject({ id })
    const { id: empty } = await Sample.create({})
    expect(Object.values((await Sample.getOrError(empty)).toDict()).slice(5)).toEqual(Array.from({ length: 12 }, () => null))
  })

  row('a default may be a function of ours, a serverDefault is SQL', async ({ db }) => {
    let calls = 0
    class Ticket extends db.Model('Ticket', {
      number: db.Column(db.Integer, { default: () => ++calls }),
      state: db.Column(db.String(10), { serverDefault: "'open'" }),
    }) {}
    await db.createAll()
    const [first, second] = [await Ticket.create({}), await Ticket.create({})]
    expect([first.number, second.number, first.state]).toEqual([1, 2, 'open'])
  })
}

/** A name as the database quotes it; `user` is a reserved word. */
export function quoted(database: TestDatabase, name: string): string {
  return database.name === 'mariadb' ? `\`${name}\`` : `"${name}"`
}
