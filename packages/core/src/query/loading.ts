import type { EntityMetadata } from 'typeorm'
import { InvalidFilterError } from '../errors.js'
import type { Option } from '../options.js'
import type { Loading, Loadings } from './query-state.js'

/** The most relations that a path may have. */
const longest = 10

/** An option that names what is to be loaded. */
export const paths: Option<readonly string[]> = {
  takes: 'a list of names of relations',
  accepts: (value): value is readonly string[] => Array.isArray(value) && value.every((path) => typeof path === 'string'),
  isOfClient: true,
}

/**
 * Adds a path of relations to what is to be loaded.
 *
 * @returns The last of its relations, and the model that it leads to.
 * @throws {InvalidFilterError} A name is no relation. Status 400.
 */
export function follow(
  metadata: EntityMetadata,
  loadings: Loadings,
  path: unknown,
  verb: string,
): { readonly loading: Loading; readonly metadata: EntityMetadata } {
  const names = typeof path === 'string' ? path.split('.') : []
  if (names.length > longest) throw new InvalidFilterError(metadata.name, verb, `a path has at most ${longest} relations`)
  let last: Loading | undefined
  for (const name of names) {
    const relation = metadata.relations.find(({ propertyName }) => propertyName === name)
    if (!relation) {
      const known = metadata.relations.map((each) => each.propertyName).join(', ') || 'none'
      throw new InvalidFilterError(metadata.name, name, `it is no relation. It has ${known}`)
    }
    last = loadings.get(name) ?? { state: undefined, further: new Map() }
    loadings.set(name, last)
    loadings = last.further
    metadata = relation.inverseEntityMetadata
  }
  if (!last) throw new InvalidFilterError(metadata.name, verb, 'it takes names of relations')
  return { loading: last, metadata }
}
