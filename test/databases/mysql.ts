import { createConnection } from 'mysql2/promise'
import type { TestDatabase } from './database.ts'

let count = 0

/** MariaDB, which stands for MySQL too: each database is a new one of the server that `ALCHEMY_MYSQL_URL` names. */
export const mariadb: TestDatabase = {
  name: 'mariadb',
  lacks: {
    'deferred constraints': 'MariaDB checks foreign keys with each statement',
    'transactional DDL': 'a schema change commits',
    returning: 'UPDATE gives nothing back',
  },
  // The server ends the transaction behind the session's back, as it does to the victim of a deadlock.
  prepareBreak: ['create procedure break_commit() rollback'],
  breakCommit: ['call break_commit()'],
  async kill(query) {
    const [{ id }] = (await query('select connection_id() as id')) as [{ id: number }]
    await onServer(`kill ${id}`)
  },
  emptying(tables) {
    const deletes = tables.map((table) => `delete from ${table};`).join(' ')
    return [`create procedure empty_all() begin set foreign_key_checks = 0; ${deletes} set foreign_key_checks = 1; end`, 'call empty_all()']
  },
  async plan(explain) {
    const [step] = (await explain('explain')) as [{ readonly type: string; readonly key: string; readonly Extra: string }]
    return { soughtIn: step.type === 'range' ? step.key : undefined, sorts: step.Extra.includes('filesort') }
  },
  async create() {
    const name = `aa_${process.pid}_${++count}`
    await onServer(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`)
    return { uri: new URL(name, serverUrl()).href, drop: () => onServer(`DROP DATABASE \`${name}\``) }
  },
}

/** The server, without a database. */
export function serverUrl(): string {
  return process.env['ALCHEMY_MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306/'
}

/** Runs one statement on a connection of its own. */
export async function onServer(sql: string): Promise<void> {
  const connection = await createConnection(serverUrl())
  try {
    await connection.query(sql)
  } finally {
    await connection.end()
  }
}
