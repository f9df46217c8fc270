import { type Dialect, escaped, statementsIn, tokens, tokensIn } from '../lexer.js'
import { TextCache } from '../text-cache.js'

/** What stands before the first word of a statement: space, comments, parentheses. `/*!` and `/*M!` comments are run, so their text counts. */
const beforeFirstWord = /^(?:[\s;(]+|--\s[^\n]*|#[^\n]*|\/\*(?!M?!)[\s\S]*?\*\/|\/\*M?!\d*)*([a-z]*)/i

/** First words of statements that commit the open transaction: https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html */
const committing =
  /^(?:alter|create|drop|rename|truncate|grant|revoke|lock|unlock|begin|start|commit|change|analyze|cache|check|flush|install|load|optimize|repair|reset|stop|uninstall)$/

/** `LOAD DATA` writes rows, MariaDB's `ANALYZE SELECT` reads them, and tables of one connection are no schema. */
const exceptions =
  /^(?:load\s+(?:data|xml)|analyze\s+(?:format|select|with|insert|update|delete)|(?:create|drop)\s+(?:or\s+replace\s+)?temporary)\b/i
/** `SET` commits by two of its forms only. */
const committingSet = /^set\s+(?:password|(?:(?:session|local)\s+|@@(?:(?:session|local)\.)?)?autocommit)\b/i

/** First words of statements that change nothing of the session itself. */
const clean =
  /^(?:select|insert|update|delete|replace|with|values|table|load|do|show|explain|describe|desc|begin|start|commit|rollback|savepoint|release|alter|drop|rename|truncate|kill)$/

/** What a statement of any kind can leave behind: a user variable, a lock by name. */
const dirt = /@|\bget_lock\b/i

/** Names that mysql2 gives to no column of a result: it would end the connection. */
const forbiddenNames = /\b__(?:proto|(?:define|lookup)[GS]etter)__\b/

/** What is known of a statement's text. */
export interface MysqlStatement {
  /** Why it is not sent; `undefined` of what is. */
  readonly fault: string | undefined
  /** See `commitsTransaction`. */
  readonly commits: boolean
  /** See `dirtiesSession`. */
  readonly dirties: boolean
}

/** The texts that go to one database, each read once. */
export class MysqlStatements {
  readonly #known = new TextCache<MysqlStatement>(1_000_000)

  /** What is known of `text`. */
  of(text: string): MysqlStatement {
    let known = this.#known.get(text)
    if (!known) {
      known = { fault: faultOf(text), commits: commitsTransaction(text), dirties: dirtiesSession(text) }
      this.#known.add(text, known)
    }
    return known
  }
}

function faultOf(text: string): string | undefined {
  if (text.includes('\0')) return 'its text has a NUL character'
  return forbiddenNames.test(text) ? 'its text has a name that no column of a result can have' : undefined
}

/** The statement without what stands before its first word. */
function body(sql: string): { readonly word: string; readonly text: string } {
  const [before = '', word = ''] = beforeFirstWord.exec(sql) ?? []
  return { word: word.toLowerCase(), text: sql.slice(before.length - word.length) }
}

/** Whether the server commits the open transaction before it runs `sql`, or by it. */
export function commitsTransaction(sql: string): boolean {
  const { word, text } = body(sql)
  return word === 'set' ? committingSet.test(text) : committing.test(word) && !exceptions.test(text)
}

/**
 * Whether the session of a connection may not be as it was after `sql`: a variable, a lock by name, a temporary table, another database.
 *
 * What a stored routine or a trigger does is not seen.
 */
export function dirtiesSession(sql: string): boolean {
  const { word, text } = body(sql)
  // What CREATE makes belongs to the database, but for a temporary table.
  const isClean = clean.test(word) || (word === 'create' && !exceptions.test(text))
  return !isClean || dirt.test(sql)
}

const dialect: Dialect = {
  token: tokens(
    String.raw`(?:--(?=\s|$)|#)[^\n]*`,
    // `/*!` and `/*M!` comments are run, so their text counts.
    String.raw`\/\*M?!\d*|\*\/|\/\*[\s\S]*?(?:\*\/|$)`,
    escaped("'"),
    escaped('"'),
    '`(?<name>(?:[^`]|``)*)(?:`|$)',
  ),
}

/** Most texts hold none of these words, and need no reading. */
const mayControl = /\b(?:autocommit|begin|commit|release|rollback|savepoint|start|xa)\b/i

/** Whether any statement of a text opens or ends a transaction or a savepoint. */
export function controlsTransaction(sql: string): boolean {
  if (!mayControl.test(sql)) return false
  for (const words of statementsIn(sql, dialect)) {
    const [first = '', second] = words
    if (/^(?:BEGIN|COMMIT|RELEASE|ROLLBACK|SAVEPOINT|XA)$/.test(first)) return true
    if (first === 'START' && second === 'TRANSACTION') return true
    if (first === 'SET' && setsAutocommit(words)) return true
    // Whatever follows may be the body of a routine.
    if (first === 'CREATE') return false
  }
  return false
}

/** `@autocommit` is a variable of the user's, `@@autocommit` is the setting. */
function setsAutocommit(words: readonly string[]): boolean {
  return words.some((word, index) => {
    if (word !== 'AUTOCOMMIT' || !/^[:=]$/.test(words[index + 1] ?? '')) return false
    return words[index - 1] !== '@' || words[index - 2] === '@'
  })
}

/** What may be bound at each `?` of a text besides one value: a list in `IN (?)`, rows in `VALUES ?` and `IN ?`. */
export function listPlaces(sql: string): readonly ('list' | 'rows' | undefined)[] {
  const places: ('list' | 'rows' | undefined)[] = []
  let before = ''
  let last = ''
  for (const { kind, text } of tokensIn(sql, dialect)) {
    if (kind === 'character' && text === '?')
      places.push(last === 'VALUES' || last === 'IN' ? 'rows' : last === '(' && before === 'IN' ? 'list' : undefined)
    before = last
    last = text
  }
  return places
}
