import { Client } from 'pg'
import { postgresUrl } from '../servers/postgres.ts'
import type { TestDatabase } from './database.ts'

let count = 0

/** Runs one statement on the server, past every layer of ours. */
export async function onServer<Row extends object>(sql: string, database?: string): Promise<Row[]> {
  const url = new URL(postgresUrl())
  if (database !== undefined) url.pathname = database
  const client = new Client({ connectionString: url.href })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

/** PostgreSQL, a new database for each test. */
export const postgres: TestDatabase = {
  name: 'postgres',
  lacks: {},
  prepareBreak: ['create table promise_to_note (id serial primary key, note_id integer references note(id) deferrable initially deferred)'],
  breakCommit: ['insert into promise_to_note (note_id) values (987654)'],
  async kill(query) {
    const [{ pid }] = (await query('select pg_backend_pid() as pid')) as [{ pid: number }]
    await onServer(`select pg_terminate_backend(${pid})`)
  },
  async create() {
    const name = `aa_${process.pid}_${++count}`
    await onServer(`create database ${name}`)
    const url = new URL(postgresUrl())
    url.pathname = name
    return { uri: url.href, drop: async () => void (await onServer(`drop database if exists ${name} with (force)`)) }
  },
}
