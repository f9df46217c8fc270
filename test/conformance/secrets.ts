import { inspect } from 'node:util'
import { ActiveAlchemy } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'

/** The password of the URI is for the server alone. */
export function secretRows(database: TestDatabase): void {
  const row = database.lacks['a server'] === undefined ? it : it.skip

  row.each([
    ['in the URI', (uri: URL) => new ActiveAlchemy(Object.assign(uri, { password: 's3cr3t-pw' }).href)],
    ["in TypeORM's options", (uri: URL) => new ActiveAlchemy(uri.href, { typeorm: { password: 's3cr3t-pw' } as object })],
  ])('no print, message or JSON shows the password %s', async (_name, make) => {
    const fresh = await database.create()
    const db = make(new URL(fresh.uri))
    class Note extends db.Model('Note', { text: db.Column(db.String(9)) }) {}
    try {
      const shown: unknown[] = [
        db,
        db.dataSource,
        db.dataSource.options,
        db.dataSource.driver,
        db.dataSource.manager,
        db.metadata,
        Note.query(),
      ]
      // The server may ask for no password, or refuse this one: either way nothing may show it.
      await db.ping().catch((error: unknown) => shown.push(error))
      await db
        .run(async () => {
          shown.push(db.session, db.session.manager)
          await Note.count()
        })
        .catch((error: unknown) => shown.push(error))
      const runner = db.dataSource.createQueryRunner()
      shown.push(runner, db.dataSource.driver.pool)
      for (const each of shown) {
        expect(inspect(each, { depth: 12, showHidden: false })).not.toContain('s3cr3t-pw')
      }
      expect(JSON.stringify(db.dataSource.options)).not.toContain('s3cr3t-pw')
      expect(JSON.stringify(db)).not.toContain('s3cr3t-pw')
    } finally {
      await db.close()
      await fresh.drop()
    }
  })
}
