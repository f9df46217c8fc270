import Database from 'better-sqlite3'
import { Pool } from 'pg'

const columns = (key, moment, flag) => `
  create table users (
    id ${key}, created_at ${moment} not null default current_timestamp, updated_at ${moment} not null default current_timestamp, is_deleted ${flag} not null default false,
    deleted_at ${moment}, name varchar(50) not null, email varchar(80) not null, age integer not null
  );
  create index users_age on users (age);
  create index users_deleted on users (is_deleted)`

/** The file of a URI, with the settings that all contenders have. */
export function sqlite(uri) {
  if (!uri.startsWith('sqlite:')) return undefined
  const db = new Database(uri.replace('sqlite:///', '').replace(/\?.*/, ''))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.exec(columns('integer primary key autoincrement', 'datetime', 'boolean'))
  return db
}

/** A pool like that of all contenders. */
export async function postgres(uri) {
  const pool = new Pool({ connectionString: uri, max: 10 })
  await pool.query(columns('serial primary key', 'timestamptz(3)', 'boolean'))
  return pool
}
