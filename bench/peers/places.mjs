// Databases for contenders: each has its own, and all begin with the same tables and rows.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { mariadbOptions, sqlite } from './clients.mjs'

export const seeded = 5_000
/** So many users, the first ones, have three posts each. */
const authors = 1_000

/** The tables that `db.createAll()` makes, and an index for the posts of a user. */
const tables = ({ key, moment, flag, now }) => {
  const common = `id ${key}, created_at ${moment} not null default ${now}, updated_at ${moment} not null default ${now},
    is_deleted ${flag} not null default ${flag === 'boolean' ? 'false' : '0'}, deleted_at ${moment}${moment.startsWith('datetime(') ? ' null' : ''}`
  return [
    `create table users (${common}, name varchar(50) not null, email varchar(80) not null, age integer not null)`,
    `create table posts (${common}, title varchar(80) not null, words integer not null, author_id integer references users (id))`,
    'create index users_deleted on users (deleted_at)',
    'create index users_age on users (age)',
    'create index posts_deleted on posts (deleted_at)',
    'create index posts_author on posts (author_id)',
  ]
}

const seeds = (moment) => {
  const list = (count, row) => Array.from({ length: count }, (_, index) => `('${moment}', '${moment}', ${row(index)})`).join(', ')
  return [
    `insert into users (created_at, updated_at, name, email, age) values
      ${list(seeded, (index) => `'User ${index}', 'user${index}@example.org', ${index % 100}`)}`,
    `insert into posts (created_at, updated_at, title, words, author_id) values
      ${list(authors * 3, (index) => `'Post ${index}', ${index % 1_000}, ${Math.floor(index / 3) + 1}`)}`,
  ]
}

const leftover = `delete from users where id > ${seeded}`

const kinds = {
  sqlite(names) {
    const folder = mkdtempSync(join(tmpdir(), 'alchemy-peers-'))
    const file = (name) => join(folder, `${name}.db`)
    return {
      async make() {
        const first = sqlite(file('template'))
        const kind = { key: 'integer primary key autoincrement', moment: 'datetime', flag: 'boolean', now: 'current_timestamp' }
        for (const sql of [...tables(kind), ...seeds('2026-01-02 03:04:05.678000')]) first.exec(sql)
        first.close()
        for (const name of names) copyFileSync(file('template'), file(name))
      },
      of: (name) => `sqlite:///${file(name)}?synchronous=normal`,
      async tidy(name) {
        const db = sqlite(file(name))
        const { changes } = db.prepare(leftover).run()
        db.close()
        return changes
      },
      drop: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },

  postgres(names) {
    const admin = process.env['ALCHEMY_PG_URL'] ?? 'postgresql://postgres@127.0.0.1:5432/postgres'
    const of = (name) => String(Object.assign(new URL(admin), { pathname: `/${database(name)}` }))
    const on = async (uri, work) => {
      const client = new Client(uri)
      await client.connect()
      try {
        return await work((sql) => client.query(sql))
      } finally {
        await client.end()
      }
    }
    return {
      async make() {
        await on(admin, (send) => send(`create database ${database('template')}`))
        const kind = { key: 'serial primary key', moment: 'timestamptz(3)', flag: 'boolean', now: 'now()' }
        await on(of('template'), async (send) => {
          for (const sql of [...tables(kind), ...seeds('2026-01-02T03:04:05.678Z'), 'analyze']) await send(sql)
        })
        await on(admin, async (send) => {
          for (const name of names) await send(`create database ${database(name)} template ${database('template')}`)
        })
      },
      of,
      tidy: (name) => on(of(name), async (send) => (await send(leftover)).rowCount),
      drop: () =>
        on(admin, async (send) => {
          for (const name of [...names, 'template']) await send(`drop database if exists ${database(name)} with (force)`)
        }),
    }
  },

  mariadb(names) {
    const admin = process.env['ALCHEMY_MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306/'
    const of = (name) => String(Object.assign(new URL(admin.replace(/^mysql:/, 'mariadb:')), { pathname: `/${database(name)}` }))
    const on = async (uri, work) => {
      const connection = await createConnection(mariadbOptions(uri))
      try {
        return await work(async (sql) => (await connection.query(sql))[0])
      } finally {
        await connection.end()
      }
    }
    return {
      async make() {
        const kind = { key: 'integer primary key auto_increment', moment: 'datetime(3)', flag: 'tinyint(1)', now: 'current_timestamp(3)' }
        for (const name of names) {
          await on(admin, (send) => send(`create database ${database(name)} character set utf8mb4`))
          await on(of(name), async (send) => {
            for (const sql of [...tables(kind), ...seeds('2026-01-02 03:04:05.678'), 'analyze table users, posts']) await send(sql)
          })
        }
      },
      of,
      tidy: (name) => on(of(name), async (send) => (await send(leftover)).affectedRows),
      drop: () =>
        on(admin, async (send) => {
          for (const name of names) await send(`drop database if exists ${database(name)}`)
        }),
    }
  },
}

const database = (name) => `peers_${process.pid}_${name.replaceAll('-', '_')}`

export const databases = Object.keys(kinds)

/**
 * @param {string} kind
 * @param {readonly string[]} names Of the contenders.
 * @returns {{ make(): Promise<void>, of(name: string): string, tidy(name: string): Promise<number>, drop(): Promise<void> }} `of` is the URI
 *   of a contender's database; `tidy` takes away the users that came since, and says how many.
 */
export const placesFor = (kind, names) => kinds[kind](names)
