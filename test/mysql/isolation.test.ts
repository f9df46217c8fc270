import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy } from '@active-alchemy/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createConnection } from 'mysql2/promise'
import type { PrivateServer } from '../servers/postgres.ts'
import { startMariadb } from '../servers/mariadb.ts'

describe('mariadb: the isolation of the server', () => {
  let server: PrivateServer
  beforeAll(async () => void (server = await startMariadb()), 60_000)
  afterAll(() => server.stop())

  it.each([
    ['REPEATABLE-READ', undefined, 'READ-COMMITTED'],
    ['SERIALIZABLE', undefined, 'SERIALIZABLE'],
    ['SERIALIZABLE', 'READ COMMITTED', 'READ-COMMITTED'],
  ] as const)('%s by default, and %s asked for: %s', async (byDefault, isolation, expected) => {
    const admin = await createConnection(server.url)
    await admin.query('create database if not exists isolated')
    await admin.query('create table if not exists isolated.note (id int)')
    await admin.query(`set global tx_isolation = '${byDefault}'`)
    await admin.end()
    const db = new ActiveAlchemy(new URL('isolated', server.url).href)
    try {
      const trx = async (): Promise<unknown> => {
        await db.sql`insert into note values (1)`
        // The server's list of transactions is a tenth of a second old.
        await sleep(300)
        const rows = await db.sql<{
          level: string
        }>`select trx_isolation_level as level from information_schema.innodb_trx where trx_mysql_thread_id = connection_id()`
        return rows[0]?.level
      }
      expect(await (isolation ? db.transaction(trx, { isolation }) : db.run(trx))).toBe(expected.replace('-', ' '))
    } finally {
      await db.close()
    }
  })
})
