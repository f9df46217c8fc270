import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DataSource, type DataSourceOptions } from 'typeorm'
import { databaseOptions } from '../bank/database-options.js'

/** A new database. */
export interface FreshDatabase {
  readonly url: string
  drop(): Promise<void>
}

let count = 0

/** Makes a database on the server of `url`; without it a file of SQLite. */
export async function freshDatabase(url?: string): Promise<FreshDatabase> {
  if (url === undefined || url.startsWith('sqlite')) {
    const folder = await mkdtemp(join(tmpdir(), 'adopted-'))
    return { url: `sqlite:///${join(folder, 'bank.db')}`, drop: () => rm(folder, { recursive: true }) }
  }
  const name = `adopted_${process.pid}_${++count}`
  const own = new URL(url)
  own.pathname = name
  const onServer = async (sql: string): Promise<void> => {
    const source = await new DataSource(databaseOptions(url) as DataSourceOptions).initialize()
    try {
      await source.query(sql)
    } finally {
      await source.destroy()
    }
  }
  await onServer(`create database ${name}`)
  return { url: own.href, drop: () => onServer(`drop database ${name}`) }
}
