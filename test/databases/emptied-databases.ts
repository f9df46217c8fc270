import { Client } from 'pg'
import { postgresUrl } from '../servers/postgres.ts'
import type { FreshDatabase } from './database.ts'

/** Runs statements on the server, past every layer of ours. */
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

/** Everything that tests can have made: each schema with what is in it, extensions too, and settings. */
const emptied = `do $$ declare each name; begin
  set local client_min_messages = error;
  for each in select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$)' loop
    execute format('drop schema %I cascade', each);
  end loop;
  create schema public authorization pg_database_owner;
  grant usage on schema public to public;
  execute format('alter database %I reset all', current_database());
end $$`

/** A database is emptied so often at most: what was dropped stays in its catalogue until they are vacuumed. */
const mostUses = 40

/** What names of databases of one run begin with. */
function prefix(): string {
  return `aa_${process.env['ALCHEMY_RUN'] ?? process.pid}_`
}

interface Reused {
  readonly name: string
  uses: number
}

/**
 * Databases that are emptied and used again. To make and drop one takes checkpoints of the whole server, which wait for whatever else the
 * machine writes: on a busy one that is seconds for each test.
 */
class EmptiedDatabases {
  readonly #free: Reused[] = []
  #count = 0

  /** An empty database, until it is dropped. */
  async take(): Promise<FreshDatabase> {
    const database = this.#free.pop() ?? (await this.#open())
    database.uses += 1
    const url = new URL(postgresUrl())
    url.pathname = database.name
    return {
      uri: url.href,
      drop: async () => {
        if (database.uses < mostUses && (await this.#empty(database.name))) this.#free.push(database)
        else await onServer(`drop database if exists ${database.name} with (force)`)
      },
    }
  }

  /** One of an earlier test file of this worker, or a new one. */
  async #open(): Promise<Reused> {
    for (;;) {
      // A worker runs one file at a time.
      const name = `${prefix()}${process.env['VITEST_POOL_ID'] ?? process.pid}_${++this.#count}`
      const [known] = await onServer<{ datname: string }>(`select datname from pg_database where datname = '${name}'`)
      if (!known) await onServer(`create database ${name}`)
      else if (!(await this.#empty(name))) continue
      return { name, uses: 0 }
    }
  }

  /** Ends its sessions, and empties it; `false` where a test has dropped or broken it. */
  async #empty(name: string): Promise<boolean> {
    await onServer(`select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${name}'`)
    return onServer(emptied, name).then(
      () => true,
      () => false,
    )
  }
}

export const emptiedDatabases = new EmptiedDatabases()

/** Drops what the workers of a run have left. */
export async function dropDatabases(): Promise<void> {
  const left = await onServer<{ datname: string }>(`select datname from pg_database where starts_with(datname, '${prefix()}')`)
  for (const { datname } of left) await onServer(`drop database if exists ${datname} with (force)`)
}
