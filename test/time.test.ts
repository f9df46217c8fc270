import { ActiveAlchemy } from '@active-alchemy/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestDatabase } from './databases/database.ts'
import { mariadb } from './databases/mysql.ts'
import { onServer, postgres } from './databases/postgres.ts'
import { servers } from './matrix.ts'
import { run } from './processes.ts'
import { startMariadb } from './servers/mariadb.ts'
import type { PrivateServer } from './servers/postgres.ts'

/** Process time zones, with their minutes west of Greenwich in summer. */
const zones = { UTC: 0, 'America/New_York': 240, 'Asia/Kolkata': -330 }

const moments = [
  '2026-07-01T10:00:00.123Z',
  // Twice the same time on the clocks of New York.
  '2026-11-01T05:30:00.123Z',
  '2026-11-01T06:30:00.123Z',
  // A time that its clocks leave out.
  '2026-03-08T02:30:00.000Z',
  // The day is another one in each of the zones.
  '2026-12-31T23:59:59.999Z',
]

/** How the Python original makes its tables, and rows that it wrote: SQLAlchemy's types of each database, naive times in UTC. */
const python: Readonly<Record<string, { readonly table: string; readonly no: string; readonly yes: string; readonly texts: string }>> = {
  sqlite: {
    table: `id INTEGER NOT NULL, created_at DATETIME, updated_at DATETIME, is_deleted BOOLEAN, deleted_at DATETIME, name VARCHAR(25),
      last_access DATETIME, PRIMARY KEY (id), CHECK (is_deleted IN (0, 1))`,
    no: '0',
    yes: '1',
    texts: 'cast(created_at as text) as created, cast(last_access as text) as access, cast(is_deleted as text) as flag',
  },
  postgres: {
    table: `id SERIAL NOT NULL, created_at TIMESTAMP WITHOUT TIME ZONE, updated_at TIMESTAMP WITHOUT TIME ZONE, is_deleted BOOLEAN,
      deleted_at TIMESTAMP WITHOUT TIME ZONE, name VARCHAR(25), last_access TIMESTAMP WITHOUT TIME ZONE, PRIMARY KEY (id)`,
    no: 'false',
    yes: 'true',
    texts: `to_char(created_at, 'YYYY-MM-DD HH24:MI:SS.US') as created, to_char(last_access, 'YYYY-MM-DD HH24:MI:SS.US') as access, cast(cast(is_deleted as int) as text) as flag`,
  },
  mariadb: {
    table: `id INTEGER NOT NULL AUTO_INCREMENT, created_at DATETIME(6), updated_at DATETIME(6), is_deleted BOOL, deleted_at DATETIME(6), name VARCHAR(25),
      last_access DATETIME(6), PRIMARY KEY (id), CHECK (is_deleted IN (0, 1))`,
    no: '0',
    yes: '1',
    texts: 'cast(created_at as char) as created, cast(last_access as char) as access, cast(is_deleted as char) as flag',
  },
}

// A server of MariaDB whose time zone is another; that of PostgreSQL is set for its database alone.
let server: PrivateServer | undefined
const usualUrl = process.env['ALCHEMY_MYSQL_URL']

beforeAll(async () => {
  if (!servers.includes(mariadb)) return
  server = await startMariadb(['--default-time-zone=-05:00'])
  process.env['ALCHEMY_MYSQL_URL'] = server.url
})

afterAll(async () => {
  if (usualUrl === undefined) Reflect.deleteProperty(process.env, 'ALCHEMY_MYSQL_URL')
  else process.env['ALCHEMY_MYSQL_URL'] = usualUrl
  await server?.stop()
})

/** Runs the program in `zone` on a new database with a table of Python's. @returns What it saw, and the rows as they are after it. */
async function inZone(database: TestDatabase, zone: string): Promise<{ seen: unknown; rows: object[] }> {
  const { table = '', no = '', yes = '', texts = '' } = python[database.name] ?? {}
  const fresh = await database.create()
  if (database === postgres) await onServer(`alter database ${new URL(fresh.uri).pathname.slice(1)} set timezone = 'America/New_York'`)
  const witness = new ActiveAlchemy(fresh.uri)
  try {
    await witness.dataSource.query(`create table python_user (${table})`)
    await witness.dataSource.query(`insert into python_user (created_at, updated_at, is_deleted, deleted_at, name, last_access) values
      ('2026-01-01 10:00:00.123456', '2026-01-01 10:00:00.123456', ${no}, null, 'micro', '2026-07-01 10:00:00.123456'),
      ('2026-01-01 10:00:00.000000', '2026-01-01 10:00:00.000000', null, null, 'null flag', null),
      ('2026-01-01 10:00:00.000001', '2026-01-01 10:00:00.000001', ${yes}, '2026-02-01 00:00:00.000000', 'deleted', '2026-07-01 10:00:00.122999')`)
    const { code, output } = await run({ SHOP_URI: fresh.uri, TZ: zone }, 'processes/time.js', JSON.stringify(moments))
    if (code !== 0) throw new Error(output)
    const rows = await witness.dataSource.query(
      `select name, ${texts}, case when deleted_at is null then 'live' else 'deleted' end as state from python_user order by id`,
    )
    return { seen: JSON.parse(output) as unknown, rows: rows as object[] }
  } finally {
    await witness.close()
    await fresh.drop()
  }
}

for (const database of servers) {
  describe(`${database.name} › time, on a server whose zone is not UTC`, () => {
    for (const [zone, offset] of Object.entries(zones)) {
      it(`is the same in a process in ${zone}: moments, days, parameters in strings of SQL, and tables of the Python original`, async () => {
        const { seen, rows } = await inZone(database, zone)
        expect(seen).toEqual({
          offset,
          moments: moments.map((at) => ({
            at,
            zone: 'UTC',
            day: at.slice(0, 10),
            clock: at.slice(11, 19),
            found: [1, 1, 1, 1, 1, 1, 1, 1],
          })),
          python: {
            read: [
              {
                name: 'micro',
                createdAt: '2026-01-01T10:00:00.123Z',
                lastAccess: '2026-07-01T10:00:00.123Z',
                isDeleted: false,
                deletedAt: null,
              },
              { name: 'null flag', createdAt: '2026-01-01T10:00:00.000Z', lastAccess: null, isDeleted: false, deletedAt: null },
              {
                name: 'deleted',
                createdAt: '2026-01-01T10:00:00.000Z',
                lastAccess: '2026-07-01T10:00:00.122Z',
                isDeleted: true,
                deletedAt: '2026-02-01T00:00:00.000Z',
              },
            ],
            live: 2,
            // A row with more digits than a moment has is later than it; the deleted one is not asked for.
            comparisons: [1, 0, 0],
          },
          isNow: true,
        })
        expect(rows).toEqual([
          // What we did not change keeps its microseconds.
          { name: 'changed', created: '2026-01-01 10:00:00.123456', access: '2026-07-01 10:00:00.123456', flag: '0', state: 'live' },
          { name: 'null flag', created: '2026-01-01 10:00:00.000000', access: null, flag: '1', state: 'deleted' },
          { name: 'deleted', created: '2026-01-01 10:00:00.000001', access: '2026-07-01 10:00:00.122999', flag: '0', state: 'live' },
          { name: 'new', created: expect.any(String) as unknown, access: '2026-07-01 10:00:00.125000', flag: '0', state: 'live' },
        ])
      })
    }
  })
}
