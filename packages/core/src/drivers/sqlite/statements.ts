import { type Dialect, quoted, statementsIn, tokens } from '../lexer.js'

const dialect: Dialect = {
  token: tokens(String.raw`--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`, quoted("'"), quoted('"'), quoted('`'), String.raw`\[[^\]]*(?:\]|$)`),
}

/** Most texts hold none of these words, and need no reading. */
const mayControl = /\b(?:begin|commit|end|release|rollback|savepoint)\b/i

/** Whether a text opens or ends a transaction or a savepoint. SQLite takes one statement in a text. */
export function controlsTransaction(sql: string): boolean {
  if (!mayControl.test(sql)) return false
  const [first = ''] = statementsIn(sql, dialect).next().value ?? []
  return /^(?:BEGIN|COMMIT|END|RELEASE|ROLLBACK|SAVEPOINT)$/.test(first)
}
