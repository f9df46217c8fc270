// Counts what is sent to the database, at the clients themselves: each text and each execution of a prepared one.
import { createRequire } from 'node:module'

/** The methods that send, on the prototypes of the clients that are there. */
function senders(database) {
  // Those that the guests installed are asked for too: Sequelize has a client of its own for SQLite.
  const requires = [createRequire(import.meta.url), createRequire(new URL('../guests/package.json', import.meta.url))]
  const load = (name) =>
    requires.flatMap((require) => {
      try {
        return [require(name)]
      } catch {
        return []
      }
    })
  if (database === 'postgres') return load('pg').map(({ Connection }) => [Connection.prototype, ['query', 'execute']])
  if (database === 'mariadb') return load('mysql2').map((mysql) => [Object.getPrototypeOf(mysql.Connection.prototype), ['addCommand']])
  const better = load('better-sqlite3').flatMap((Database) => {
    const db = new Database(':memory:')
    const statement = Object.getPrototypeOf(db.prepare('select 1'))
    db.close()
    return [
      [statement, ['run', 'get', 'all', 'iterate']],
      [Database.prototype, ['exec']],
    ]
  })
  const other = load('sqlite3').map(({ Statement }) => [Statement.prototype, ['run', 'get', 'all', 'each']])
  return [...better, ...other]
}

/** What mysql2 queues beside statements: a `Prepare` goes before the first execution of a text only. */
const isStatement = (command) => ['Query', 'Execute'].includes(command?.constructor.name)

/** @returns {Promise<number>} Statements that the work sends. Nothing is counted, and nothing costs, outside it. */
export async function countStatements(database, work) {
  let count = 0
  const restore = []
  for (const [prototype, methods] of new Map(senders(database))) {
    for (const method of methods) {
      const original = prototype[method]
      prototype[method] = function (...parameters) {
        if (method !== 'addCommand' || isStatement(parameters[0])) count += 1
        return original.apply(this, parameters)
      }
      restore.push(() => {
        prototype[method] = original
      })
    }
  }
  try {
    await work()
  } finally {
    for (const each of restore) each()
  }
  return count
}
