import { InvalidOptionError } from '../errors.js'
import { readOptions } from '../options.js'
import { type ComputedType, refuse } from './column-type.js'

declare const searchVector: unique symbol

/** What a `TSVectorType` column holds for its database alone: a record has nothing there, and `match` asks it. @since 0.2 */
export interface SearchVector {
  readonly [searchVector]: true
}

/** How texts are searched. @since 0.2 */
export interface TSVectorOptions {
  /** Configuration of PostgreSQL's text search: `english` knows the forms of words, and leaves out the most frequent ones. @default 'simple' */
  readonly config?: string
}

const configOption = {
  takes: 'the name of a configuration of text search: english',
  accepts: (value: unknown): value is string => typeof value === 'string' && /^[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?$/.test(value),
}

/**
 * What is searched of other columns, by `match`: never read, never set, and in no JSON. PostgreSQL computes a `tsvector`, with a GIN index;
 * the others look for each word within the texts, and read every row for it.
 *
 * @param columns Properties of texts in the same model.
 * @throws {InvalidOptionError} There is no column, or an option is wrong.
 * @since 0.2
 * @example
 * class Article extends db.Model('Article', {
 *   title: db.Column(db.String(200)),
 *   body: db.Column(db.Text),
 *   search: db.Column(db.TSVectorType(['title', 'body'], { config: 'english' })),
 * }) {}
 * await Article.filter({ search: match('quick fox') }).all()
 */
export function TSVectorType(columns: readonly string[], options?: TSVectorOptions): ComputedType<SearchVector | undefined> {
  const given: unknown = columns
  if (!Array.isArray(given) || given.length === 0 || given.some((each) => typeof each !== 'string')) {
    throw new InvalidOptionError('TSVectorType(columns)', "a list of properties: ['title', 'body']", given)
  }
  const { config = 'simple' } = readOptions({ config: configOption }, options, 'TSVectorType()')
  return {
    kind: 'search',
    typeName: 'TSVectorType',
    opaque: true,
    searchConfig: config,
    index: 'gin',
    storage: (database) => ({ type: database === 'postgres' ? 'tsvector' : database === 'mysql' ? 'longtext' : 'text' }),
    accept: (value) => refuse('no value: its database computes it', value),
    jsonSchema: {},
    computed({ database, columnOf, literal }) {
      const names = columns.map(columnOf)
      if (database === 'mysql') return `concat_ws(' ', ${names.join(', ')})`
      const texts = names.map((name) => `coalesce(${name}, '')`).join(" || ' ' || ")
      return database === 'postgres' ? `to_tsvector(${literal(config)}::regconfig, ${texts})` : texts
    },
  }
}
