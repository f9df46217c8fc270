import { ActiveAlchemy } from '@active-alchemy/core'
import { Column, CreateDateColumn, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm'

// What an application wrote in the time zone of its process, by its own data source, and what it reads when that is adopted.
class Visit {
  at = new Date(0)
}
Entity()(Visit)
PrimaryGeneratedColumn()(Visit.prototype, 'id')
const options = JSON.parse(process.env.SHOP_OPTIONS)
Column(options.type === 'postgres' ? 'timestamp' : 'datetime', { precision: options.type === 'better-sqlite3' ? undefined : 3 })(
  Visit.prototype,
  'at',
)
CreateDateColumn()(Visit.prototype, 'madeAt')
options.entities = [Visit]

const moments = ['2026-07-01T10:00:00.123Z', '2026-12-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z']
const before = new DataSource(options)
await before.initialize()
for (const moment of moments) await before.getRepository(Visit).save({ at: new Date(moment) })
const read = async (visits) => (await visits.find({ order: { id: 'ASC' } })).map(({ at }) => at.toISOString())
const written = await read(before.getRepository(Visit))
await before.destroy()

const db = ActiveAlchemy.from(options)
const visits = db.dataSource.getRepository(Visit)
const kept = await read(visits)
await visits.clear()
await db.run(async () => {
  for (const moment of moments) await visits.save({ at: new Date(moment) })
})
const found = await visits.countBy({ at: new Date(moments[1]) })
const [{ madeAt }] = await visits.find()
const again = await read(visits)
await db.close()

const after = new DataSource(options)
// TypeORM reads six digits of SQLite in the process's zone, wherever they come from.
const left = options.type === 'better-sqlite3' ? again : (await after.initialize(), await read(after.getRepository(Visit)))
if (after.isInitialized) await after.destroy()
const now = Math.abs(madeAt.getTime() - Date.now()) < 600_000
console.log(JSON.stringify({ before: [...written, ...written, ...written, 1], after: [...kept, ...again, ...left, found], now }))
