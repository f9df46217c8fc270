import type { EntityMetadata } from 'typeorm'
import type { DatabaseFailure } from '../database-error.js'
import { unshadowed } from '../shadow-column.js'
import type { NativeError } from './client.js'

/** Errors with which the server, or at least we (5.7), take the whole transaction for lost: https://mariadb.com/kb/en/mariadb-error-codes/ */
const transactionEnds = new Set([1213, 1205, 1020, 1206, 1614, 1637])

/** Whether an error of the server with this number ended the whole transaction. */
export function endsTransaction(errno: number): boolean {
  return transactionEnds.has(errno)
}

/**
 * Why the server refused a statement: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
 *
 * @param metadatas Of the models, which know the columns of a key: the server names the key only.
 */
export function failureOf({ errno, message }: NativeError, sql: string, metadatas: readonly EntityMetadata[]): DatabaseFailure | undefined {
  switch (errno) {
    case 1062:
    case 1169:
    case 1586:
      return { kind: 'unique', columns: columnsOfKey(/ for key '(?:[^']*\.)?([^']*)'$/.exec(message)?.[1] ?? '', sql, metadatas) }
    case 1048:
    case 1364:
      return { kind: 'not-null', columns: /^(?:Column|Field) '([^']*)'/.exec(message)?.slice(1) ?? [] }
    case 1216:
    case 1217:
    case 1451:
    case 1452:
      return { kind: 'foreign-key' }
    case 1146:
      return { kind: 'no-table' }
    case 3819:
    case 4025:
      return { kind: 'check' }
    // Out of range, also of an expression; cut; no time; no character of the column; too long; no time for a function; no JSON.
    case 1264:
    case 1265:
    case 1292:
    case 1366:
    case 1406:
    case 1411:
    case 1690:
    case 3140:
      return { kind: 'value' }
    case 1213:
    case 1614:
      return { kind: 'deadlock' }
    case 1020:
      return { kind: 'serialization' }
    case 1205:
    case 3572:
      return { kind: 'lock-timeout' }
    default:
      return undefined
  }
}

/** A key's name is unique in its table, so the statement's own table comes first. */
function columnsOfKey(key: string, sql: string, metadatas: readonly EntityMetadata[]): string[] {
  const [, table] = /\b(?:into|update|from|table)\s+(?:`[^`]+`\.)?`?([^\s`(]+)/i.exec(sql) ?? []
  const own = metadatas.find(({ tableName }) => tableName === table)
  if (key === 'PRIMARY') return own?.primaryColumns.map(({ databaseName }) => databaseName) ?? []
  for (const metadata of own ? [own, ...metadatas] : metadatas) {
    const columns = columnsOfIndex(metadata, key)
    if (columns.length > 0) return columns
  }
  // A key that nobody named is named after its first column.
  return own?.columns.some(({ databaseName }) => databaseName === key) ? [key] : []
}

function columnsOfIndex(metadata: EntityMetadata, key: string): string[] {
  const found = [...metadata.indices, ...metadata.uniques].find(({ name }) => name === key)
  return found?.columns.map((column) => unshadowed(column).databaseName) ?? []
}

/** The server quotes the value that it refuses, and the rest of a text that it cannot read. */
export function withoutValues(message: string): string {
  return message
    .replace(/\bnear '.*' at line/s, 'near … at line')
    .replace(/\b(value:?|argument:?|entry|out of range in|time zone:) '.*'(?= for | to | at row |$)/s, '$1 …')
    .replace(/\b(Identifier name) '.*'(?= is too long)/s, '$1 …')
}
