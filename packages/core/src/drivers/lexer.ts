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

/**
 * The statements of a text, one after the other, each as its first words in upper case; of a `SET` all there is.
 *
 * In time that grows with the length of the text. The semicolons of a body `BEGIN ATOMIC … END` belong to its statement.
 */
export function* statementsIn(sql: string, { token, nestsComments = false }: Dialect): Generator<readonly string[]> {
  let statement: string[] = []
  let last = ''
  let depth = 0
  token.lastIndex = 0
  for (let at = 0; at < sql.length; at = token.lastIndex) {
    if (nestsComments && sql.startsWith('/*', at)) {
      token.lastIndex = endOfComment(sql, at)
      continue
    }
    token.lastIndex = at
    const { word, name, other } = token.exec(sql)?.groups ?? {}
    const found = word?.toUpperCase() ?? name?.toUpperCase() ?? other
    if (found === undefined) continue
    if (word !== undefined) {
      if ((found === 'ATOMIC' && last === 'BEGIN') || (depth > 0 && found === 'CASE')) depth += 1
      else if (depth > 0 && found === 'END') depth -= 1
    }
    if (found === ';' && depth === 0) {
      const resumeAt = token.lastIndex
      if (statement.length > 0) yield statement
      // Whoever was given the statement may have used the expression meanwhile.
      token.lastIndex = resumeAt
      statement = []
    } else if (statement.length < headLength || statement[0] === 'SET') statement.push(found)
    last = found
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
