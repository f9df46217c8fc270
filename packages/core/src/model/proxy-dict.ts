import { UnsupportedError } from '../errors.js'

/**
 * The records of a to-many relation as a dictionary, by a column of theirs. Of two with the same value the later one is in it; those
 * without a value are not.
 *
 * @param records The relation, which is loaded.
 * @param column Name of the column that is the key.
 * @throws {UnsupportedError} The relation is not loaded.
 * @since 0.2
 * @example
 * const article = await Article.getOrError(1, { with: ['translations'] })
 * db.utils.proxyDict(article.translations, 'locale').get('de')?.title
 */
export function proxyDict<T extends object, const K extends keyof T & string>(
  records: readonly T[] | undefined,
  column: K,
): ReadonlyMap<NonNullable<T[K]>, T> {
  if (!Array.isArray(records)) {
    throw new UnsupportedError(
      `A dictionary by ${column} of what is not loaded`,
      "Load it: get(id, { with: ['relation'] }), or record.load('relation').",
    )
  }
  const entries = records.flatMap((record): [NonNullable<T[K]>, T][] => {
    const key = record[column]
    return key === undefined || key === null ? [] : [[key, record]]
  })
  return new Map(entries)
}
