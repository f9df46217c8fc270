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
  emptying: (tables) => ['select 1', `with ${tables.map((table, index) => `t${index} as (delete from ${table})`).join()} select 1`],
  async plan(explain) {
    const [{ 'QUERY PLAN': plan }] = (await explain('explain (format json)')) as [{ readonly 'QUERY PLAN': unknown }]
    const text = JSON.stringify(plan)
    const index = /"Index Name":"([^"]+)"/.exec(text)?.[1]
    // An incremental sort is of those that are equal in the index.
    return { soughtIn: /"Index Cond":"[^"]*[<>]/.test(text) ? index : undefined, sorts: /"Node Type":"Sort"/.test(text) }
  },
  async create() {
    const name = `aa_${process.pid}_${++count}`
    await onServer(`create database ${name}`)
    const url = new URL(postgresUrl())
    url.pathname = name
    return { uri: url.href, drop: async () => void (await onServer(`drop database if exists ${name} with (force)`)) }
  },
}
