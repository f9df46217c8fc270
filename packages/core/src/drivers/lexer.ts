/** How a database reads its texts. */
export interface Dialect {
  /**
   * Matches one token where it stands: the group `word` is a word, `name` a quoted name that may stand for one, `other` any other
   * character; comments, space and what is quoted are in none.
   */
  readonly token: RegExp
  /** Whether a comment may hold comments. */
  readonly nestsComments?: boolean
}

/** A word or a quoted name, in upper case, or a character that is no part of one. */
export interface Token {
  readonly kind: 'word' | 'name' | 'character'
  readonly text: string
}

/** Tokens of a statement that are kept, unless it is a `SET`: what a statement does stands in its first words. */
const headLength = 3

/** Makes the expression of a dialect. @param skipped What counts as nothing, as sources of expressions; what comes first wins. */
export function tokens(...skipped: readonly string[]): RegExp {
  return new RegExp(String.raw`\s+|${skipped.join('|')}|(?<word>[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<other>[\s\S])`, 'iy')
}

/** A text between `quote`, in which a doubled one stands for itself. */
export function quoted(quote: string): string {
  return `${quote}(?:[^${quote}]|${quote}${quote})*(?:${quote}|$)`
}

/** The same, where a backslash takes the meaning of the next character. */
export function escaped(quote: string): string {
  return String.raw`${quote}(?:[^${quote}\\]|${quote}${quote}|\\[\s\S])*(?:${quote}|$)`
}

/** The tokens of a text, in time that grows with its length. */
export function* tokensIn(sql: string, { token, nestsComments = false }: Dialect): Generator<Token> {
  for (let at = 0; at < sql.length; ) {
    if (nestsComments && sql.startsWith('/*', at)) {
      at = endOfComment(sql, at)
      continue
    }
    token.lastIndex = at
    const { word, name, other } = token.exec(sql)?.groups ?? {}
    // Whoever is given the token may use the expression too.
    at = token.lastIndex
    if (word !== undefined) yield { kind: 'word', text: word.toUpperCase() }
    else if (name !== undefined) yield { kind: 'name', text: name.toUpperCase() }
    else if (other !== undefined) yield { kind: 'character', text: other }
  }
}

/**
 * The statements of a text, one after the other, each as its first words in upper case; of a `SET` all there is.
 *
 * The semicolons of a body `BEGIN ATOMIC … END` belong to its statement.
 */
export function* statementsIn(sql: string, dialect: Dialect): Generator<readonly string[]> {
  let statement: string[] = []
  let last = ''
  let depth = 0
  for (const { kind, text } of tokensIn(sql, dialect)) {
    if (kind === 'word' && ((text === 'ATOMIC' && last === 'BEGIN') || (text === 'CASE' && depth > 0))) depth += 1
    else if (kind === 'word' && text === 'END' && depth > 0) depth -= 1
    last = text
    if (kind === 'character' && text === ';' && depth === 0) {
      if (statement.length > 0) yield statement
      statement = []
    } else if (statement.length < headLength || statement[0] === 'SET') statement.push(text)
  }
  if (statement.length > 0) yield statement
}

function endOfComment(sql: string, start: number): number {
  const edge = /\/\*|\*\//g
  edge.lastIndex = start
  let depth = 0
  for (let match = edge.exec(sql); match; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return edge.lastIndex
  }
  return sql.length
}
