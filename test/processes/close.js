import { ActiveAlchemy } from '@active-alchemy/core'

// Nothing is released: a query runner in a transaction, and one that was only used.
const db = new ActiveAlchemy(process.env.SHOP_URI)
db.register(class Note extends db.Model('Note', { text: db.Column(db.String(20)) }) {})
await db.createAll()
const runner = db.dataSource.createQueryRunner()
await runner.startTransaction()
await runner.query("insert into note (text, created_at, updated_at) values ('lost', '2026-01-01', '2026-01-01')")
if (db.dataSource.driver.pool.size > 1) await db.dataSource.createQueryRunner().query('select 1')
await db.close()
console.log('closed')
