import { IsNull, Not } from 'typeorm'
import { DateTime } from 'luxon'
import { beforeEach, describe, expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', {
  email: db.Column(db.String, { unique: true }),
  role: db.Column(db.String, { default: () => 'reader' }),
}) {}

const long = DateTime.fromISO('2020-01-01T00:00:00Z', { zone: 'utc' })
const all = (): Promise<User[]> => User.query({ includeDeleted: true }).orderBy('id', 'ASC').all()

beforeEach(async () => {
  await db.dropAll()
  await db.createAll()
})

describe("TypeORM's own builders on a model", () => {
  const builder = (): ReturnType<typeof db.dataSource.createQueryBuilder> => db.dataSource.createQueryBuilder()

  it('insert stamps the row, and applies the defaults of the application', async () => {
    await builder()
      .insert()
      .into(User)
      .values([{ email: 'a' }, { email: 'b', role: 'admin' }])
      .execute()
    const [a, b] = await all()
    expect([a?.role, b?.role, a?.isDeleted]).toEqual(['reader', 'admin', false])
    expect(a?.createdAt.equals(a.updatedAt)).toBe(true)
    expect(a?.createdAt.diffNow('seconds').seconds).toBeGreaterThan(-60)
  })

  it('insert of a deleted row writes time and flag together', async () => {
    await builder().insert().into(User).values({ email: 'a', deletedAt: long }).execute()
    expect(await db.sql`select is_deleted as flag, deleted_at is not null as time from ${User}`).toEqual([{ flag: 1, time: 1 }])
  })

  it('update moves the stamp, unless it is given', async () => {
    await User.create({ email: 'a' })
    await db.sql`update ${User} set updated_at = '2020-01-01 00:00:00.000000'`
    await builder().update(User).set({ role: 'admin' }).execute()
    expect((await all())[0]?.updatedAt.year).toBeGreaterThan(2020)
    await builder().update(User).set({ updatedAt: long }).execute()
    expect((await all())[0]?.updatedAt.toISO()).toBe(long.toISO())
  })

  it.each<[string, object, [flag: number, time: number]]>([
    ['the flag', { isDeleted: true }, [1, 1]],
    ['the flag, taken away', { isDeleted: false }, [0, 0]],
    ['the time', { deletedAt: long }, [1, 1]],
    ['the time, taken away', { deletedAt: null }, [0, 0]],
    ['the time as SQL', { deletedAt: () => 'NULL' }, [0, 0]],
  ])('update of %s writes time and flag together', async (_, values, [flag, time]) => {
    await User.create({ email: 'a' })
    await builder().update(User).set(values).execute()
    expect(await db.sql`select is_deleted as flag, deleted_at is not null as time from ${User}`).toEqual([{ flag, time }])
  })

  it('upsert moves the stamp of the row that it changes, and no more columns than it is told', async () => {
    await User.create({ email: 'a', role: 'admin' })
    await db.sql`update ${User} set updated_at = '2020-01-01 00:00:00.000000'`
    await builder().insert().into(User).values({ email: 'a' }).orUpdate(['email'], ['email']).execute()
    const [user, ...others] = await all()
    expect(others).toEqual([])
    expect(user?.role).toBe('admin')
    expect(user?.updatedAt.year).toBeGreaterThan(2020)
  })

  it('upsert of one half of a deletion writes the other', async () => {
    await User.create({ email: 'a' })
    await builder().insert().into(User).values({ email: 'a', deletedAt: long }).orUpdate(['deleted_at'], ['email']).execute()
    expect(await db.sql`select is_deleted as flag, deleted_at is not null as time from ${User}`).toEqual([{ flag: 1, time: 1 }])
  })

  it('softDelete and restore write time and flag together, of the rows that are meant', async () => {
    for (const email of ['a', 'b']) await User.create({ email })
    const repository = db.dataSource.getRepository(User)
    await repository.softDelete({ email: 'a' })
    expect((await all()).map(({ isDeleted }) => isDeleted)).toEqual([true, false])
    expect(await repository.count({ where: { deletedAt: Not(IsNull()) }, withDeleted: true })).toBe(1)
    await repository.restore({ email: 'a' })
    expect(await db.sql`select distinct is_deleted as flag, deleted_at as time from ${User}`).toEqual([{ flag: 0, time: null }])
  })
})
