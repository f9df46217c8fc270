import { dropDatabases } from './databases/emptied-databases.ts'
import { provideMariadb } from './servers/mariadb.ts'
import { providePostgres } from './servers/postgres.ts'

/** Provides the servers that the chosen databases need, before any test; SQLite is embedded and needs none. */
export default async function setup(): Promise<() => Promise<void>> {
  const chosen = process.env['DATABASES']?.split(',').filter(Boolean)
  const isChosen = (name: string): boolean => !chosen || chosen.some((each) => name.startsWith(each))
  const provided = await Promise.allSettled([
    isChosen('postgres') ? providePostgres() : undefined,
    isChosen('mariadb') ? provideMariadb() : undefined,
  ])
  const stop = async (): Promise<void> => {
    for (const each of provided) if (each.status === 'fulfilled') await each.value?.stop()
  }
  const missing = provided.filter((each) => each.status === 'rejected').map(({ reason }) => String(reason))
  if (missing.length > 0) {
    await stop()
    throw new Error(missing.join('\n'))
  }
  // By which the databases of this run are known.
  process.env['ALCHEMY_RUN'] = `${process.pid}_${Date.now().toString(36)}`
  const [postgres, mariadb] = provided.map((each) => (each.status === 'fulfilled' ? each.value?.url : undefined))
  // The workers inherit it.
  if (postgres) process.env['ALCHEMY_PG_URL'] = postgres
  if (mariadb) process.env['ALCHEMY_MYSQL_URL'] = mariadb
  return async () => {
    if (postgres) await dropDatabases()
    await stop()
  }
}
