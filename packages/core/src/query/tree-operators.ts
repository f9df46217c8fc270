import { among, escapeLike, Parameter, type Pieces, pieces } from '../drivers/dialect.js'
import { InvalidFilterError } from '../errors.js'
import type { TreeQuery } from '../types/ltree.js'
import type { From } from './compile.js'
import { condition } from './expression.js'
import { Operator } from './operators.js'
import { pathLevels } from './path-pattern.js'

/** How a column is asked: by an operator of a database that has paths, or as a text. */
interface Asking {
  readonly native: '@>' | '<@' | '~'
  readonly type: 'ltree' | 'lquery'
  readonly asText: (column: Pieces, path: string, from: From) => Pieces
}

function asking(value: string, { native, type, asText }: Asking): Operator<TreeQuery> {
  return new Operator((column, outer) =>
    condition((from) => {
      const term = column.term(from)
      const name = term.type.name ?? 'an expression'
      if (term.type.kind !== 'path') throw new InvalidFilterError(outer.name, name, 'it is no path')
      try {
        // What one database refuses, all do.
        if (type === 'ltree') term.type.accept(value)
        else pathLevels(value)
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
        throw new InvalidFilterError(outer.name, name, `it ${error.message}`)
      }
      if (from.driver.dialect.pathMatches) return asText(term.pieces, value, from)
      return pieces`(${term.pieces} ${native} CAST(${new Parameter(value)} AS ${type}))`
    }),
  )
}

/**
 * Is on the way to a path: a path is its own ancestor.
 *
 * @throws {InvalidFilterError} The column has no paths, or it is none. Status 400.
 * @since 0.2
 * @example
 * Topic.filter({ path: ancestorOf('Top.Science.Astronomy') }) // Top, Top.Science, Top.Science.Astronomy
 */
export function ancestorOf(path: string): Operator<TreeQuery> {
  return asking(path, {
    native: '@>',
    type: 'ltree',
    asText(column, text) {
      const labels = text.split('.')
      return among(
        column,
        labels.map((_label, index) => [new Parameter(labels.slice(0, index + 1).join('.'))]),
      )
    },
  })
}

/**
 * Is below a path: a path is its own descendant.
 *
 * @throws {InvalidFilterError} The column has no paths, or it is none. Status 400.
 * @since 0.2
 * @example
 * Topic.filter({ path: descendantOf('Top.Science') })
 */
export function descendantOf(path: string): Operator<TreeQuery> {
  return asking(path, {
    native: '<@',
    type: 'ltree',
    asText: (column, text, { driver: { dialect } }) =>
      pieces`(${column} = ${new Parameter(text)} OR ${dialect.like(column, `${escapeLike(text)}.%`)})`,
  })
}

/**
 * Matches a pattern of labels, an `lquery` of PostgreSQL: `*` is any number of labels, `*{1,2}` one or two, `a|b` one of them,
 * `a*` what begins so, `a@` without regard to case, `!a` any other one.
 *
 * @param pattern Of at most 2,000 characters, with at most 3 levels of any number; `%` is refused.
 * @throws {InvalidFilterError} The column has no paths, or it is no such pattern. Status 400.
 * @since 0.2
 * @example
 * Topic.filter({ path: matchesPath('Top.*.Astro*@|Physics') })
 */
export function matchesPath(pattern: string): Operator<TreeQuery> {
  return asking(pattern, {
    native: '~',
    type: 'lquery',
    asText(column, text, { driver: { dialect } }) {
      const levels = pathLevels(text)
      // NULL is no answer either.
      return levels ? (dialect.pathMatches?.(column, levels) ?? []) : pieces`(${column} <> ${column})`
    },
  })
}
