import { ActiveAlchemy } from '@active-alchemy/core'
import type { MigrationInterface } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** A migration that changes nothing. */
class Idle1700000000000 implements MigrationInterface {
  async up(): Promise<void> {}
  async down(): Promise<void> {}
}

/** `db.health()`: what anybody may be told of a database. */
export function healthRows(database: TestDatabase): void {
  const row = rowIn(database)
  const kind =
    { sqlite: 'sqlite', mysql: 'mysql', postgres: 'postgres', mariadb: 'mysql' }[/^\w+/.exec(database.name)?.[0] ?? ''] ?? database.name

  row('it tells how a database is, and how its pool is, by its kind or its name', async ({ another }) => {
    const db = another()
    const health = await db.health()
    expect(health).toMatchObject({ ok: true, database: kind, busy: false, pool: { used: 0, waiting: 0 } })
    expect(health.latencyMs).toBeGreaterThanOrEqual(0)
    expect(health.version).toMatch(/^\d+\.\d+/)
    expect(health).not.toHaveProperty('pendingMigrations')
    expect(JSON.stringify(health)).not.toMatch(/127\.0\.0\.1|localhost|root|postgres:|\/\//)
    expect(await another({ name: 'orders' }).health()).toMatchObject({ ok: true, database: 'orders' })
    await expect(db.health({ timeout: 1 } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  row('it does not wait in the line for connections: a busy database is no ill one', async ({ another }) => {
    const db = another({ poolSize: 1 })
    await db.run(async () => {
      await db.session.manager.query('select 1')
      expect(await db.health()).toMatchObject({ ok: true, busy: true, latencyMs: null, pool: { size: 1, used: 1 } })
    })
    expect(await db.health()).toMatchObject({ ok: true, busy: false })
  })

  row('it tells of migrations that have not run, where it is asked', async ({ another }) => {
    const db = another({ typeorm: { migrations: [Idle1700000000000] } })
    expect(await db.health()).toMatchObject({ ok: true })
    expect(await db.health({ migrations: true })).toMatchObject({ ok: false, pendingMigrations: 1, error: 'PENDING_MIGRATIONS' })
    await db.migrate()
    expect(await db.health({ migrations: true })).toMatchObject({ ok: true, pendingMigrations: 0 })
  })

  row('a database that is closed, or cannot be reached, is told by a code and never by a message', async ({ another }) => {
    const db = another()
    await db.close()
    expect(await db.health()).toMatchObject({ ok: false, latencyMs: null, error: 'DATABASE_CLOSED' })
    const broken = new ActiveAlchemy('postgresql://joe:s3cret@127.0.0.1:1/none')
    const health = await broken.health()
    expect(health).toMatchObject({ ok: false, database: 'postgres', latencyMs: null, version: null, error: 'CONNECTION_FAILED' })
    expect(JSON.stringify(health)).not.toMatch(/joe|s3cret|127|none/)
    await broken.close()
  })
}
