import { ActiveAlchemy, DateTime } from '@active-alchemy/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { onServer, postgres } from '../databases/postgres.ts'

/** A model like those of the Python original. */
function userModel(db: ActiveAlchemy) {
  return class User extends db.Model('User', { name: db.Column(db.String(25)), lastAccess: db.Column(db.DateTime, { nullable: true }) }) {}
}

/** The table as the Python original makes it, with rows that it wrote. */
const pythonTable = [
  `create table "user" (
    id serial primary key, created_at timestamp without time zone, updated_at timestamp without time zone,
    is_deleted boolean, deleted_at timestamp without time zone, name varchar(25) not null, last_access timestamp without time zone
  )`,
  `insert into "user" (created_at, updated_at, is_deleted, name, last_access) values
    ('2026-01-01 10:00:00.123456', '2026-01-01 10:00:00.123456', false, 'python', '2026-07-01 10:00:00.123456'),
    ('2026-01-01 10:00:00.123', '2026-01-01 10:00:00.123', null, 'null flag', null)`,
]

/** Runs `row` on a new database whose server reckons in another time zone than UTC. */
async function inZone(
  row: (db: ActiveAlchemy, raw: (sql: string) => Promise<object[]>) => Promise<void>,
  prepare: string[] = [],
): Promise<void> {
  const fresh = await postgres.create()
  const name = new URL(fresh.uri).pathname.slice(1)
  await onServer(`alter database ${name} set timezone = 'America/New_York'`)
  await onServer(`alter database ${name} set datestyle = 'SQL, DMY'`)
  for (const sql of prepare) await onServer(sql, name)
  const db = new ActiveAlchemy(fresh.uri)
  try {
    await row(db, (sql) => onServer(sql, name))
  } finally {
    await db.close()
    await fresh.drop()
  }
}

const zone = process.env['TZ']
for (const processZone of ['UTC', 'America/New_York', 'Asia/Kolkata']) {
  describe(`postgres: time, in a process in ${processZone} and a server in New York`, () => {
    beforeEach(() => void (process.env['TZ'] = processZone))
    afterEach(() => {
      if (zone === undefined) delete process.env['TZ']
      else process.env['TZ'] = zone
    })

    it('a moment is itself again, whatever its zone and on both sides of a fold', () =>
      inZone(async (db, raw) => {
        const User = userModel(db)
        await db.createAll()
        const moments = [
          '2026-07-01T10:00:00.123Z',
          // Twice the same time on the clocks of New York.
          '2026-11-01T05:30:00.000Z',
          '2026-11-01T06:30:00.000Z',
          // A time that its clocks leave out.
          '2026-03-08T02:30:00.000Z',
          '9999-12-31T23:59:59.999Z',
          '0900-01-01T00:00:00.000Z',
        ].map((text) => DateTime.fromISO(text, { zone: 'utc' }))
        for (const moment of moments) {
          const { id } = await User.create({ name: 'a', lastAccess: moment.setZone('Asia/Tokyo') })
          const found = await User.getOrError(id)
          expect(found.lastAccess?.toISO()).toBe(moment.toISO())
          expect(found.lastAccess?.zoneName).toBe('UTC')
          expect(await User.query().filter({ lastAccess: moment }).count()).toBe(1)
          const [row] = await raw(
            `select to_char(last_access at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as text from "user" where id = ${id}`,
          )
          expect(row).toEqual({ text: moment.toISO() })
        }
      }))

    it('Luxon in strings of SQL, in lists and in raw queries', () =>
      inZone(async (db) => {
        const User = userModel(db)
        await db.createAll()
        const at = DateTime.fromISO('2026-07-01T10:00:00.123Z')
        const { id } = await User.create({ name: 'a', lastAccess: at })
        const repository = db.dataSource.getRepository(User)
        const counts = [
          await repository
            .createQueryBuilder('u')
            .where('u.lastAccess = :at', { at: at.setZone('Asia/Tokyo') })
            .getCount(),
          await repository.createQueryBuilder('u').where('u.lastAccess >= :at', { at: at.toJSDate() }).getCount(),
          await repository
            .createQueryBuilder('u')
            .where('u.lastAccess IN (:...list)', { list: [at] })
            .getCount(),
          await repository
            .createQueryBuilder('u')
            .where('u.lastAccess = ANY(:list)', { list: [at] })
            .getCount(),
          await repository.countBy({ id, lastAccess: at }),
        ]
        expect(counts).toEqual([1, 1, 1, 1, 1])
        expect(await db.dataSource.query('select id from "user" where last_access = $1', [at])).toEqual([{ id }])
        expect(await db.sql`select last_access as at, last_access::date as day from ${User} where last_access = ${at}`).toEqual([
          { at: at.toJSDate(), day: '2026-07-01' },
        ])
        expect(await db.sql`select now() at time zone 'UTC' - now()::timestamp = interval '0' as same`).toEqual([{ same: true }])
      }))

    it('a table of the Python original opens unchanged, and Python reads what we write', () =>
      inZone(async (db, raw) => {
        const User = userModel(db)
        await db.createAll()
        const [python, withoutFlag] = await User.query().orderBy('id').all()
        expect(python?.createdAt.toISO()).toBe('2026-01-01T10:00:00.123Z')
        expect(python?.lastAccess?.toISO()).toBe('2026-07-01T10:00:00.123Z')
        expect([withoutFlag?.name, withoutFlag?.isDeleted]).toEqual(['null flag', false])
        await python?.update({ name: 'ours' })
        await python?.delete()
        const at = DateTime.fromISO('2026-07-01T10:00:00.125Z')
        await User.create({ name: 'new', lastAccess: at })
        const rows = await raw(
          `select name, created_at::text as created, last_access::text as access, is_deleted, deleted_at is not null as gone
           from "user" where name <> 'null flag' order by id`,
        )
        expect(rows).toMatchObject([
          // What we did not change keeps its microseconds.
          { name: 'ours', created: '01/01/2026 10:00:00.123456', access: '01/07/2026 10:00:00.123456', is_deleted: true, gone: true },
          { name: 'new', access: '01/07/2026 10:00:00.125', is_deleted: false, gone: false },
        ])
        const [stamp] = await raw(
          `select abs(extract(epoch from created_at - (now() at time zone 'UTC'))) < 60 as fresh from "user" where name = 'new'`,
        )
        expect(stamp).toEqual({ fresh: true })
      }, pythonTable))

    it('comparisons see the microseconds that Python wrote', () =>
      inZone(async (db) => {
        const User = userModel(db)
        const at = DateTime.fromISO('2026-07-01T10:00:00.123Z')
        const count = (sign: string): Promise<number> =>
          db.dataSource.getRepository(User).createQueryBuilder('u').where(`u.lastAccess ${sign} :at`, { at }).getCount()
        expect([await count('>'), await count('='), await count('<')]).toEqual([1, 0, 0])
        const [row] = await db.sql<{ at: Date; texts: Date[] }>`
          select 'infinity'::timestamp as at, array['2026-07-01 10:00:00'::timestamp] as texts`
        expect(row?.at).toBe(Number.POSITIVE_INFINITY)
        expect(row?.texts.map((each) => each.toISOString())).toEqual(['2026-07-01T10:00:00.000Z'])
      }, pythonTable))
  })
}
