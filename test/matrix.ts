import { describe } from 'vitest'
import type { TestDatabase } from './databases/database.ts'
import { mariadb } from './databases/mysql.ts'
import { postgres } from './databases/postgres.ts'
import { sqliteFile, sqliteMemory } from './databases/sqlite.ts'
import { express4, express5, express5Dressed } from './frameworks/express.ts'
import { fastify5 } from './frameworks/fastify.ts'
import type { Framework } from './frameworks/framework.ts'
import { koa3 } from './frameworks/koa.ts'
import { nest11Express, nest11Fastify, nestExpress, nestFastify } from './frameworks/nest.ts'

/** Databases that the model suites run on. */
export const databases: readonly TestDatabase[] = chosen([sqliteFile, sqliteMemory, postgres, mariadb], process.env['DATABASES'])

/** Databases that requests run on. */
export const servers: readonly TestDatabase[] = databases.filter((database) => database !== sqliteMemory)

/** Frameworks that the request suite runs on. */
export const frameworks: readonly Framework[] = chosen(
  [express5, express5Dressed, express4, fastify5, koa3, nestExpress, nestFastify, nest11Express, nest11Fastify],
  process.env['FRAMEWORKS'],
)

/** Takes the rows of `list` whose name begins with one of the names in `filter`, all without one. */
function chosen<Row extends { readonly name: string }>(list: readonly Row[], filter: string | undefined): Row[] {
  const names = filter?.split(',').filter(Boolean)
  const rows = list.filter(({ name }) => !names || names.some((each) => name.startsWith(each)))
  if (rows.length === 0) throw new Error(`Nothing is named ${filter}. Choose among ${list.map(({ name }) => name).join(', ')}.`)
  return rows
}

/** Runs `rows` on every database. */
export function eachDatabase(title: string, rows: (database: TestDatabase) => void): void {
  for (const database of databases) describe(`${database.name} › ${title}`, () => rows(database))
}

/** One framework with one database. */
type Cell = (framework: Framework, database: TestDatabase) => void

/** Runs `rows` on every framework whose name begins with `family` (all, unless it is given) with every database. */
export function eachCell(title: string, rows: Cell, family = ''): void {
  cells(title, rows, ({ name }) => name.startsWith(family))
}

/**
 * Runs `rows` on the first framework with every database, and on every framework with SQLite: for what differs between databases and
 * hardly between frameworks. `CELLS=all` runs all.
 */
export function eachCross(title: string, rows: Cell): void {
  const all = process.env['CELLS'] === 'all'
  cells(title, rows, (framework, database) => all || framework === frameworks[0] || database === sqliteFile)
}

function cells(title: string, rows: Cell, isChosen: (framework: Framework, database: TestDatabase) => boolean): void {
  for (const database of servers) {
    for (const framework of frameworks) {
      if (!isChosen(framework, database) || (framework.databases && !framework.databases.includes(database.name))) continue
      describe(`${framework.name} × ${database.name} › ${title}`, () => rows(framework, database))
    }
  }
}
