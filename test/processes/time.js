import { ActiveAlchemy, DateTime } from '@active-alchemy/core'

// What a process in the time zone of its environment makes of times; the answer must be the same in every zone.
const db = new ActiveAlchemy(process.env['SHOP_URI'] ?? '')

class Moment extends db.Model('Moment', { at: db.Column(db.DateTime), day: db.Column(db.Date), clock: db.Column(db.Time) }) {}
class PythonUser extends db.Model('PythonUser', {
  name: db.Column(db.String(25)),
  lastAccess: db.Column(db.DateTime, { nullable: true }),
}) {}

const utc = (text) => DateTime.fromISO(text, { zone: 'utc' })
const isPostgres = db.dataSource.driver.kind === 'postgres'

/** Moments that are themselves again, by every way to ask for them. */
async function moments(texts) {
  const seen = []
  for (const text of texts) {
    const moment = utc(text)
    const elsewhere = moment.setZone('Asia/Tokyo')
    const { id } = await Moment.create({ at: elsewhere, day: text.slice(0, 10), clock: text.slice(11, 19) })
    const { at, day, clock } = await db.run(() => Moment.getOrError(id))
    const repository = db.dataSource.getRepository(Moment)
    const where = (condition, values) => repository.createQueryBuilder('m').where(condition, values).getCount()
    const table = db.dataSource.driver.escape('moment')
    seen.push({
      at: at.toISO(),
      zone: at.zoneName,
      day,
      clock,
      found: [
        await Moment.filter({ at: elsewhere }).count(),
        await Moment.query().builder().where('moment.at = :at', { at: elsewhere }).getCount(),
        await where('m.at = :at', { at: elsewhere }),
        await where('m.at = :at', { at: moment.toJSDate() }),
        await where('m.at IN (:...list)', { list: [elsewhere] }),
        await repository.countBy({ at: moment }),
        (await db.sql`select id from ${Moment} where at = ${elsewhere}`).length,
        (await db.dataSource.query(`select id from ${table} where at = ${isPostgres ? '$1' : '?'}`, [elsewhere])).length,
      ],
    })
  }
  return seen
}

/** A table of the Python original, read and written. */
async function python() {
  const [first, second, third] = await PythonUser.query({ includeDeleted: true }).orderBy('id').all()
  const at = utc('2026-07-01T10:00:00.123Z')
  const count = (sign) =>
    db.dataSource.getRepository(PythonUser).createQueryBuilder('u').where(`u.lastAccess ${sign} :at`, { at }).getCount()
  const comparisons = [await count('>'), await count('='), await count('<')]
  const read = [first, second, third].map((user) => ({
    name: user.name,
    createdAt: user.createdAt.toISO(),
    lastAccess: user.lastAccess?.toISO() ?? null,
    isDeleted: user.isDeleted,
    deletedAt: user.deletedAt?.toISO() ?? null,
  }))
  const live = await PythonUser.count()
  await first.update({ name: 'changed' })
  await second.delete()
  await third.restore()
  await PythonUser.create({ name: 'new', lastAccess: utc('2026-07-01T10:00:00.125Z').setZone('America/Los_Angeles') })
  return { read, live, comparisons }
}

const offset = new Date('2026-07-01T10:00:00Z').getTimezoneOffset()
await db.createAll()
const result = {
  offset,
  moments: await moments(JSON.parse(process.argv[2])),
  python: await python(),
  // What we and what the server stamp by themselves is now, in UTC.
  isNow: (await Moment.query().all()).every(({ createdAt }) => Math.abs(createdAt.diffNow('seconds').seconds) < 60),
}
await db.close()
console.log(JSON.stringify(result))
