import { Alias, among, joined, Parameter, type Pieces } from '../drivers/dialect.js'
import type { DatabaseDriver } from '../drivers/driver.js'

/** A statement as a driver takes it. */
export interface Statement {
  readonly text: string
  /** Values in the order of their places in the text. */
  readonly values: readonly unknown[]
}

/** Writes pieces as text: values get their places from left to right, names are quoted. */
export function write(pieces: Pieces, driver: DatabaseDriver, nameOf = (alias: Alias): string => alias.name): Statement {
  const values: unknown[] = []
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else if (piece instanceof Alias) text += driver.escape(nameOf(piece))
    else text += driver.createParameter('', values.push(piece.value) - 1)
  }
  return { text, values }
}

/** ` WHERE a AND b`; nothing without a condition. */
export function whereClause(conditions: readonly Pieces[]): Pieces {
  return clause(' WHERE ', conditions, ' AND ')
}

/** A word and what follows it; nothing without that. */
export function clause(word: string, parts: readonly Pieces[], separator: string): Pieces {
  return parts.length === 0 ? [] : [word, ...joined(parts, separator)]
}

/** Binds a value. */
export function bind(value: unknown): Parameter {
  return new Parameter(value)
}

/** Whether columns have the values of one of `keys`, of which there is one at least. */
export function keyed(columns: readonly Pieces[], keys: readonly (readonly unknown[])[]): Pieces {
  const [only] = columns
  if (only && columns.length === 1)
    return among(
      only,
      keys.map(([value]) => [bind(value)]),
    )
  const each = keys.map((key) =>
    joined(
      columns.map((column, index) => [...column, ' = ', bind(key[index])]),
      ' AND ',
    ),
  )
  return ['((', ...joined(each, ') OR ('), '))']
}
