import { DateTime, InvalidFilterError } from '@active-alchemy/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { mariadb } from '../databases/mysql.ts'
import { startMariadb } from '../servers/mariadb.ts'
import type { PrivateServer } from '../servers/postgres.ts'

// A server whose defaults are all others than ours.
const settings = [
  '--default-time-zone=+05:30',
  '--transaction-isolation=SERIALIZABLE',
  '--character-set-server=latin1',
  '--sql-mode=STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT',
]
const usualUrl = process.env['ALCHEMY_MYSQL_URL']
const zone = process.env['TZ']
let server: PrivateServer

beforeAll(async () => {
  server = await startMariadb(settings)
  process.env['ALCHEMY_MYSQL_URL'] = server.url
})

afterAll(async () => {
  if (usualUrl === undefined) Reflect.deleteProperty(process.env, 'ALCHEMY_MYSQL_URL')
  else process.env['ALCHEMY_MYSQL_URL'] = usualUrl
  await server.stop()
})

function setZone(name: string | undefined): void {
  if (name === undefined) Reflect.deleteProperty(process.env, 'TZ')
  else process.env['TZ'] = name
}

afterEach(() => setZone(zone))

describe('time', () => {
  for (const processZone of ['UTC', 'America/New_York', 'Asia/Kolkata']) {
    it(`is UTC with the process in ${processZone} and the server at +05:30, also in the hour that comes twice`, async () => {
      setZone(processZone)
      await inStore(mariadb, async ({ db, User, ...store }) => {
        expect(await store.raw('select @@global.time_zone as zone')).toEqual([{ zone: '+05:30' }])
        // 01:30 in New York, before and after the clocks go back.
        const moments = ['2026-11-01T05:30:00.123Z', '2026-11-01T06:30:00.123Z', '2026-03-08T07:00:00.000Z'].map((text) =>
          DateTime.fromISO(text, { zone: 'utc' }),
        )
        const users = await User.createMany(moments.map((lastAccess, index) => ({ name: `u${index}`, lastAccess })))
        const rows = await store.raw<{ at: string }>('select cast(last_access as char) as at from user order by id')
        expect(rows.map(({ at }) => at)).toEqual(['2026-11-01 05:30:00.123', '2026-11-01 06:30:00.123', '2026-03-08 07:00:00.000'])
        for (const [index, moment] of moments.entries()) {
          const user = await User.getOrError(users[index]?.id)
          expect(user.lastAccess?.toMillis()).toBe(moment.toMillis())
          expect(await User.filter({ lastAccess: moment }).count()).toBe(1)
          // Luxon in a text condition, in raw SQL, and in a zone of its own.
          const elsewhere = moment.setZone('Asia/Tokyo')
          expect(await User.query().builder().where('user.lastAccess = :at', { at: elsewhere }).getCount()).toBe(1)
          expect(await db.sql`select id from ${User} where last_access = ${elsewhere}`).toHaveLength(1)
        }
        const [user] = users
        const now = await store.raw<{ seconds: unknown }>(
          `select abs(timestampdiff(second, created_at, utc_timestamp())) as seconds from user`,
        )
        expect(Number(now[0]?.seconds)).toBeLessThan(60)
        // What the server stamps by itself is UTC too.
        await store.raw("insert into user (name, location, points) values ('raw', 'x', 0)")
        const stamped = await User.first({ name: 'raw' })
        expect(Math.abs(stamped?.createdAt.diffNow('minutes').minutes ?? 99)).toBeLessThan(1)
        expect(user?.createdAt.zoneName).toBe('UTC')
      })
    })
  }

  it('a day stays that day in every time zone', async () => {
    setZone('America/New_York')
    await inStore(mariadb, async ({ db }) => {
      class Event extends db.Model('Event', { day: db.Column(db.Date), at: db.Column(db.Time) }) {}
      await db.createAll()
      const { id } = await Event.create({ day: '2026-01-31', at: '13:45' })
      expect(await Event.get(id)).toMatchObject({ day: '2026-01-31', at: '13:45:00' })
      expect(await Event.filter({ day: '2026-01-31' }).count()).toBe(1)
    })
  })
})

describe('a table made by the Python original', () => {
  it('opens unchanged: no fractions or six digits, flags that are null', async () => {
    setZone('America/New_York')
    await inStore(mariadb, async ({ db, ...store }) => {
      await store.raw(`create table article (
        id int not null auto_increment primary key, created_at datetime, updated_at datetime(6), is_deleted tinyint(1), deleted_at datetime,
        title varchar(25), constraint flag check (is_deleted in (0, 1)))`)
      await store.raw(`insert into article (created_at, updated_at, is_deleted, deleted_at, title) values
        ('2026-01-01 10:00:00', '2026-01-01 10:00:00.123456', null, null, 'null flag'),
        ('2026-01-01 10:00:01', '2026-01-01 10:00:00.123999', 0, null, 'live'),
        ('2026-01-01 10:00:02', '2026-01-01 10:00:00.000000', 1, '2026-02-01 00:00:00', 'deleted')`)
      class Article extends db.Model('Article', { title: db.Column(db.String(25)) }) {}
      const live = await Article.query().orderBy('id').all()
      expect(live.map(({ title, isDeleted }) => [title, isDeleted])).toEqual([
        ['null flag', false],
        ['live', false],
      ])
      expect(live[0]?.createdAt.toISO()).toBe('2026-01-01T10:00:00.000Z')
      expect(live[0]?.updatedAt.toISO()).toBe('2026-01-01T10:00:00.123Z')
      const deleted = await Article.get(3, { includeDeleted: true })
      expect([deleted?.isDeleted, deleted?.deletedAt?.toISO()]).toEqual([true, '2026-02-01T00:00:00.000Z'])
      // An unchanged row is left as it is, with its microseconds.
      await live[1]?.save()
      await live[0]?.update({ title: 'changed' })
      await live[0]?.delete()
      await deleted?.restore()
      const rows = await store.raw(
        "select title, is_deleted, deleted_at is null as alive, date_format(updated_at, '%f') as fraction from article order by id",
      )
      expect(rows).toMatchObject([
        { title: 'changed', is_deleted: 1, alive: 0 },
        { title: 'live', is_deleted: 0, alive: 1, fraction: '123999' },
        { title: 'deleted', is_deleted: 0, alive: 1 },
      ])
      await Article.create({ title: 'new' })
      expect(await Article.count()).toBe(3)
    })
  })
})

describe('values', () => {
  it('keep every digit, byte and kind', () =>
    inStore(mariadb, async ({ db, ...store }) => {
      class Thing extends db.Model('Thing', {
        large: db.Column(db.BigInteger),
        price: db.Column(db.Numeric(30, 10)),
        flag: db.Column(db.Boolean),
        bytes: db.Column(db.LargeBinary),
        json: db.Column(db.JSONType),
        text: db.Column(db.String(40)),
        code: db.Column(db.UUID),
      }) {}
      await db.createAll()
      const values = {
        large: 9_007_199_254_740_993n,
        price: '12345678901234567890.1234567890',
        flag: true,
        bytes: new Uint8Array([0, 39, 92, 255]),
        text: `'"\\ \u{1F600} \n`,
        code: '0f8fad5b-d9cb-469f-a165-70867728950e',
      }
      for (const json of [{ a: [1, 'x', null] }, 'text', '123', '"quoted"', 17, true, []]) {
        const { id } = await Thing.create({ ...values, json })
        const thing = await db.run(() => Thing.getOrError(id))
        expect(thing).toMatchObject({ ...values, bytes: Buffer.from(values.bytes), json })
      }
      expect(await Thing.filter({ large: 9_007_199_254_740_993n }).count()).toBe(7)
      expect(await Thing.filter({ large: 9_007_199_254_740_992n }).count()).toBe(0)
      expect(await Thing.filter({ price: values.price }).count()).toBe(7)
      const [column] = await store.raw<{ type: string }>(
        "select column_type as type from information_schema.columns where table_schema = database() and table_name = 'thing' and column_name = 'flag'",
      )
      expect(column?.type).toBe('tinyint(1)')
      const stamps = await store.raw<{ type: string; value: string }>(
        "select column_type as type, column_default as value from information_schema.columns where table_schema = database() and table_name = 'thing' and column_name in ('created_at', 'updated_at')",
      )
      expect(stamps).toEqual([
        { type: 'datetime(3)', value: 'current_timestamp(3)' },
        { type: 'datetime(3)', value: 'current_timestamp(3)' },
      ])
    }))

  it('of a client stay values on a server that reads no backslashes', () =>
    inStore(mariadb, async ({ User, ...store }) => {
      const name = "\\' or 1=1 -- "
      await User.create({ name: 'a' })
      expect(await User.filter({ name }).count()).toBe(0)
      await User.create({ name })
      expect(await User.filter({ name }).all()).toHaveLength(1)
      expect(await store.raw('select @@sql_mode as mode')).toEqual([{ mode: expect.not.stringContaining('BACKSLASH') as unknown }])
    }))

  it('of a client are text, and match no number', () =>
    inStore(mariadb, async ({ User }) => {
      await User.create({ name: 'secret-token' })
      for (const name of [0, false, ['secret-token', 0], { a: 1 }]) {
        expect(() => User.filter({ name } as never)).toThrow(InvalidFilterError)
      }
      expect(await User.get('1abc')).toBeNull()
      expect(await User.get('1 or 1=1')).toBeNull()
    }))

  it('many rows go in by one statement and know their keys; defaults of the database are read back by it', () =>
    inStore(mariadb, async ({ db, ...store }) => {
      class Item extends db.Model('Item', {
        name: db.Column(db.String(20)),
        rank: db.Column(db.Integer, { serverDefault: '42', nullable: true }),
      }) {}
      class Empty extends db.BaseModel('Empty', { id: db.Column(db.Integer, { primary: true, generated: true }) }) {}
      await db.createAll()
      let items: InstanceType<typeof Item>[] = []
      const statements = await store.sent(async () => void (items = await Item.createMany([{ name: 'a' }, { name: 'b' }, { name: 'c' }])))
      expect(statements).toHaveLength(1)
      expect(items.map(({ id, rank }) => [id, rank])).toEqual([
        [1, 42],
        [2, 42],
        [3, 42],
      ])
      expect((await Empty.create({})).id).toBe(1)
      expect((await Empty.createMany([{}, {}])).map(({ id }) => id)).toEqual([2, 3])
    }))
})
