import { type Dialect, escaped, quoted, statementsIn, tokens } from '../lexer.js'

/** What is known of a statement's text. */
export interface PostgresStatement {
  readonly text: string
  /** Name under which servers keep it prepared; only for what is sent again and again. */
  readonly name?: string
  /**
   * What it may leave in the server's session, beside its transaction: nothing; settings, locks, temporary tables and
   * the like, which a reset takes away; or something that no reset takes away.
   */
  readonly leaves: 'nothing' | 'session' | 'everything'
}

/** A statement is prepared from this use on: what is sent once or twice would only fill the servers' memory. */
const usesBeforeName = 3
/** Names in all: each connection keeps what it has prepared. */
const nameLimit = 250
/** Texts that are remembered. */
const textLimit = 2_000

/** The texts that go to one database: which of them servers keep prepared, and which leave something behind. */
export class PostgresStatements {
  /** Whether a connection stays with one server process, so that what is prepared is found again. */
  areKept = false
  readonly #known = new Map<string, { statement: PostgresStatement; uses: number }>()
  readonly #names = new Map<string, string>()
  readonly #unnamed = new Set<string>()
  #serial = 0

  /** What is known of `text`. */
  of(text: string): PostgresStatement {
    let known = this.#known.get(text)
    if (!known) {
      if (this.#known.size >= textLimit) this.#known.clear()
      const name = this.#names.get(text)
      known = { statement: { text, leaves: leftBy(text), ...(name === undefined ? {} : { name }) }, uses: 0 }
      this.#known.set(text, known)
    }
    known.uses += 1
    const { statement } = known
    if (this.areKept && known.uses === usesBeforeName && statement.leaves === 'nothing' && this.#mayBeNamed(text)) {
      const name = `aa_${++this.#serial}`
      this.#names.set(text, name)
      known.statement = { ...statement, name }
    }
    return known.statement
  }

  /** Sends `text` without a name from now on: its plan fits the tables no more. */
  unname(text: string): void {
    this.#known.delete(text)
    this.#names.delete(text)
    this.#unnamed.add(text)
  }

  #mayBeNamed(text: string): boolean {
    return (
      this.#names.size < nameLimit && !this.#names.has(text) && !this.#unnamed.has(text) && /^(SELECT|INSERT|UPDATE|DELETE)\b/i.test(text)
    )
  }
}

/** Statements that leave nothing, as long as they call nothing that does. */
const plainHead =
  /^\s*\(?\s*(select|insert|update|delete|values|with|begin|start\s+transaction|commit|rollback|savepoint|release|set\s+(local|transaction|constraints)|show|lock)\b/i

/** Words that may stand before a parenthesis without a call, and functions that leave nothing in the session. */
const harmless = new Set(
  `select distinct from where and or not in any some all exists as on using over filter within by having values set conflict
  returning union except intersect case when then else between like ilike is limit offset array row materialized lateral
  count sum avg min max coalesce nullif greatest least lower upper length char_length trim ltrim rtrim btrim substring substr replace
  concat concat_ws left right lpad rpad position strpos split_part initcap md5 abs ceil ceiling floor round trunc mod power sqrt
  random cast extract date_trunc date_part now age to_char to_date to_timestamp to_number numeric decimal varchar char timestamp
  timestamptz time json_agg jsonb_agg json_build_object jsonb_build_object to_json to_jsonb array_agg string_agg bool_and bool_or
  every row_number rank dense_rank lag lead first_value last_value unnest generate_series gen_random_uuid version current_schema
  current_database pg_backend_pid pg_sleep pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_xact_lock hashtext`.split(
    /\s+/,
  ),
)

/**
 * Whatever is not known to leave nothing may leave something: functions, SET, LISTEN, temporary tables, ….
 *
 * To be wrong here costs one statement when the connection goes back, never a leak.
 */
function leftBy(text: string): PostgresStatement['leaves'] {
  const bare = text
    .replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) => (quoted.startsWith('"') ? '"q"' : "''"))
    .replace(/\binsert\s+into\s+[\w."]+/gi, 'insert')
    // Both end with the transaction.
    .replace(/;\s*set\s+local\s[^;]*$/i, '')
    .replace(/\bset_config\s*\([^()]*,\s*true\s*\)/gi, '')
    .trimEnd()
  if (/(?:^|;)\s*(?:prepare|execute|deallocate|discard|load)\b/i.test(bare)) return 'everything'
  if (!plainHead.test(bare) || /--|\/\*|\$\$|\$[a-z_]\w*\$|\be'|;.|\binto\b/is.test(bare)) return 'session'
  for (const [, name = ''] of bare.matchAll(/([\w$"]+)\s*\(/g)) {
    if (!harmless.has(name.toLowerCase()) && name !== 'insert') return 'session'
  }
  return 'nothing'
}

const dialect: Dialect = {
  token: tokens(
    String.raw`--[^\n]*`,
    `e${escaped("'")}`,
    quoted("'"),
    quoted('"'),
    String.raw`\$(?<mark>[a-z_\u0080-\uffff]?[\w\u0080-\uffff]*)\$[\s\S]*?(?:\$\k<mark>\$|$)`,
  ),
  nestsComments: true,
}

/** Most texts hold none of these words, and need no reading. */
const mayControl = /\b(?:abort|begin|commit|end|prepare|release|rollback|savepoint|start)\b/i

/** Whether any statement of a text opens or ends a transaction or a savepoint. */
export function controlsTransaction(sql: string): boolean {
  if (!mayControl.test(sql)) return false
  for (const [first = '', second] of statementsIn(sql, dialect)) {
    if (/^(?:ABORT|BEGIN|COMMIT|END|RELEASE|ROLLBACK|SAVEPOINT)$/.test(first)) return true
    if ((first === 'START' || first === 'PREPARE') && second === 'TRANSACTION') return true
  }
  return false
}
