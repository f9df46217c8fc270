import type { TypeOrmModuleOptions } from '@nestjs/typeorm'

/** @param url `sqlite:///file`, `postgres://…` or `mysql://…`. */
export function databaseOptions(url = process.env['DATABASE_URL'] ?? 'sqlite:///bank.db'): TypeOrmModuleOptions {
  if (url.startsWith('postgres')) return { type: 'postgres', url }
  if (url.startsWith('mysql')) return { type: 'mysql', url }
  return { type: 'better-sqlite3', database: url.replace('sqlite:///', '') }
}
