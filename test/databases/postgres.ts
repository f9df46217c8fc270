import type { TestDatabase } from './database.ts'
import { emptiedDatabases, onServer } from './emptied-databases.ts'

export { onServer } from './emptied-databases.ts'

/** PostgreSQL, an empty database for each test. */
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
  create: () => emptiedDatabases.take(),
}
