import { escapeLike, joined, type Pieces, pieces } from '../drivers/dialect.js'
import { InvalidFilterError } from '../errors.js'
import type { SearchVector } from '../types/ts-vector.js'
import { condition } from './expression.js'
import { Operator } from './operators.js'

/** Words that one search may have: a client has chosen them. */
const mostWords = 50

/**
 * Has every word of a text, in any order and without regard to case; a text without a word finds nothing. PostgreSQL looks for whole words,
 * in the forms that its configuration knows; the others for the letters, within words too.
 *
 * @param text At most 50 words.
 * @throws {InvalidFilterError} The column is no `TSVectorType`, or it is no such text. Status 400.
 * @since 0.2
 * @example
 * Article.filter({ search: match('quick fox') })
 */
export function match(text: string): Operator<SearchVector> {
  return new Operator((column, outer) =>
    condition((from) => {
      const { pieces: vector, type } = column.term(from)
      const name = type.name ?? 'an expression'
      if (type.searchConfig === undefined)
        throw new InvalidFilterError(outer.name, name, 'it is not searched', 'match() asks a TSVectorType.')
      if (typeof text !== 'string' || text.includes('\0')) throw new InvalidFilterError(outer.name, name, 'match() takes a string')
      const words = text.match(/[\p{L}\p{M}\p{N}_]+/gu) ?? []
      if (words.length > mostWords)
        throw new InvalidFilterError(outer.name, name, `${words.length} words are too many`, `Give at most ${mostWords}.`)
      if (words.length === 0) return ['1 = 0']
      const { dialect } = from.driver
      if (dialect.search) return dialect.search(vector, type.searchConfig, text)
      const each = words.map((word): Pieces => dialect.ilike(vector, `%${escapeLike(word)}%`))
      return pieces`(${joined(each, ' AND ')})`
    }),
  )
}
