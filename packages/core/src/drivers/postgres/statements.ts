import { type Dialect, escaped, quoted, statementsIn, tokens } from '../lexer.js'
import { TextCache } from '../text-cache.js'

/** What is known of a statement's text. */
export interface PostgresStatement {
  readonly text: string
  /** Name under which servers keep it prepared; only for what is sent again and again. */
  readonly name?: string
  /**
   * What it may leave in the server's session, beside its transaction: nothing; settings, locks, temporary tables and
   * the like, which a reset takes away; or something that no reset takes away.
   */
  readonly dirties: 'nothing' | 'session' | 'everything'
}

/** How a transaction begins whose first statement travels with it: each connection prepares it once. */
export const opening = { text: 'BEGIN', name: 'aa_begin', dirties: 'nothing' } as const satisfies PostgresStatement

/** A statement is prepared from this use on: what is sent once or twice would only fill the servers' memory. */
const usesBeforeName = 3
/** Names in all, and characters of their texts: each connection keeps what it has prepared. */
const nameLimit = 250
const namedLimit = 256_000
/** Names that texts may have which differ only in the lengths of their lists: clients choose those. */
const namesPerShape = 3
/** Characters of texts that are remembered. */
const textLimit = 1_000_000

/** Texts that are the same but for the lengths of their lists. */
interface Shape {
  readonly dirties: PostgresStatement['dirties']
  /** How many of them have a name. */
  names: number
}

/** A text that was sent before. */
interface Known {
  statement: PostgresStatement
  readonly shape: Shape
  /** Uses before it is named. */
  pending: number
  /** How often its plan did not fit the tables any more. */
  stale: number
}

/** The texts that go to one database: which of them servers keep prepared, and which leave something behind. */
export class PostgresStatements {
  /** Whether a connection stays with one server process, so that what is prepared is found again. */
  canPrepare = false
  /** How many names have gone out of use. */
  dropped = 0
  readonly #known = new TextCache<Known>(textLimit, (known) => this.#dropName(known))
  readonly #shapes = new TextCache<Shape>(textLimit)
  readonly #names = new Set<string>()
  #named = 0
  #serial = 0

  /** What is known of `text`. */
  of(text: string): PostgresStatement {
    if (this.canPrepare && text === opening.text) return opening
    let known = this.#known.get(text)
    if (!known) {
      const shape = this.#shapeOf(text)
      known = { statement: { text, dirties: shape.dirties }, shape, pending: usesBeforeName, stale: 0 }
      this.#known.add(text, known)
    }
    known.pending -= 1
    if (known.pending === 0 && this.#mayBeNamed(known)) this.#giveName(known)
    return known.statement
  }

  /** Whether servers still have a use for `name`. */
  isNamed(name: string): boolean {
    return this.#names.has(name)
  }

  /** Takes the name of `text` away: its plan fits the tables no more. Each time it takes ten times more uses until it has another. */
  unname(text: string): void {
    const known = this.#known.get(text)
    if (!known) return
    this.#dropName(known)
    known.stale += 1
    known.pending = usesBeforeName * 10 ** known.stale
  }

  #shapeOf(text: string): Shape {
    const key = shapeOf(text)
    let shape = this.#shapes.get(key)
    if (!shape) {
      shape = { dirties: dirtiedBy(key), names: 0 }
      this.#shapes.add(key, shape)
    }
    return shape
  }

  #mayBeNamed({ statement: { text, dirties }, shape }: Known): boolean {
    return this.canPrepare && dirties === 'nothing' && shape.names < namesPerShape && /^(SELECT|INSERT|UPDATE|DELETE)\b/i.test(text)
  }

  #giveName(known: Known): void {
    const { text } = known.statement
    for (const oldest of this.#known.values()) {
      if (this.#names.size < nameLimit && this.#named + text.length <= namedLimit) break
      this.#dropName(oldest)
    }
    const name = `aa_${++this.#serial}`
    this.#names.add(name)
    this.#named += text.length
    known.shape.names += 1
    known.statement = { ...known.statement, name }
  }

  #dropName(known: Known): void {
    const { name, ...statement } = known.statement
    if (name === undefined) return
    this.#names.delete(name)
    this.#named -= statement.text.length
    this.dropped += 1
    known.shape.names -= 1
    known.statement = statement
    known.pending = usesBeforeName
  }
}

/** The text with every list of parameters, and every list of such lists, as one. */
function shapeOf(text: string): string {
  return text.replace(/\$\d+(?:\s*,\s*\$\d+)*/g, '$*').replace(/\(\$\*\)(?:\s*,\s*\(\$\*\))+/g, '($*)')
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
  _listed current_database pg_backend_pid pg_sleep pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_xact_lock hashtext`.split(
    /\s+/,
  ),
)

/**
 * Whatever is not known to leave nothing may leave something: functions, SET, LISTEN, temporary tables, ….
 *
 * To be wrong here costs one statement when the connection goes back, never a leak.
 */
function dirtiedBy(text: string): PostgresStatement['dirties'] {
  const bare = text
    .replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) => (quoted.startsWith('"') ? '"q"' : "''"))
    .replace(/\binsert\s+into\s+[\w."]+/gi, 'insert')
    // Both end with the transaction.
    .replace(/;\s*set\s+local\s[^;]*$/i, '')
    .replace(/\bset_config\s*\([^()]*,\s*true\s*\)/gi, '')
    .trimEnd()
  if (/(?:^|;)\s*(?:prepare|execute|deallocate|discard|load)\b/i.test(bare)) return 'everything'
  if (!plainHead.test(bare) || /--|\/\*|\$\$|\$[a-z_]\w*\$|\be'|;.|\binto\b/is.test(bare)) return 'session'
  for (const [, name = ''] of bare.matchAll(/(?<![\w$"])([\w$"]+)\s*\(/g)) {
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
