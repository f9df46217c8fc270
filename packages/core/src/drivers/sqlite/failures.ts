import { isError } from '../../errors.js'
import type { DatabaseFailure } from '../database-error.js'
import type { Refusal } from '../statement.js'

/** Why SQLite refused a statement. */
export function refusalOf(error: Error): Refusal {
  return { failure: failureOf(error), withoutValues }
}

/** Whether another process holds the file, so that the same may succeed a little later. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_BUSY'
}

/** Extended result codes of SQLite, https://www.sqlite.org/rescode.html */
function failureOf(error: Error): DatabaseFailure | undefined {
  switch (codeOf(error)) {
    case 'SQLITE_CONSTRAINT_UNIQUE':
    case 'SQLITE_CONSTRAINT_PRIMARYKEY':
    case 'SQLITE_CONSTRAINT_ROWID':
      return { kind: 'unique', columns: columnsIn(error.message) }
    case 'SQLITE_CONSTRAINT_NOTNULL':
      return { kind: 'not-null', columns: columnsIn(error.message) }
    case 'SQLITE_CONSTRAINT_FOREIGNKEY':
      return { kind: 'foreign-key' }
    case 'SQLITE_CONSTRAINT_CHECK':
      return { kind: 'check' }
    case 'SQLITE_BUSY_SNAPSHOT':
      return { kind: 'serialization' }
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return { kind: 'lock-timeout' }
    default:
      return error.message.startsWith('no such table') ? { kind: 'no-table' } : undefined
  }
}

function codeOf(error: unknown): string | undefined {
  return isError(error) && 'code' in error ? String(error.code) : undefined
}

/** A path in JSON and an expression of a full-text search are values, which SQLite quotes. */
function withoutValues(message: string): string {
  return message.replace(/((?:bad )?JSON path(?: error near)?:?|malformed MATCH expression:|fts5: .*? near) .*$/s, '$1 …')
}

/** `UNIQUE constraint failed: user.email, user.name` names the columns; that of an expression index does not. */
function columnsIn(message: string): string[] {
  const [, list] = /constraint failed: (?!index )(.+)$/.exec(message) ?? []
  return list?.split(', ').map((name) => name.slice(name.lastIndexOf('.') + 1)) ?? []
}
