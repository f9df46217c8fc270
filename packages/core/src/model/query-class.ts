import { InvalidOptionError, ModelDefinitionError } from '../errors.js'
import type { ModelClass } from '../mapping/model-class.js'
import { Query } from '../query/query.js'

function extendsQuery(value: unknown): value is typeof Query {
  return value === Query || (typeof value === 'function' && value.prototype instanceof Query)
}

/** The class of the queries that a database was told. @throws {InvalidOptionError} It does not extend `Query`. */
export function givenQueryClass(given: unknown): typeof Query {
  if (given === undefined) return Query
  if (!extendsQuery(given)) throw new InvalidOptionError('queryClass', 'a class that extends Query', given)
  return given
}

/** The class of a model's queries. @param usual That of its database. @throws {ModelDefinitionError} Its own does not extend `Query`. */
export function queryClassOf(model: ModelClass, usual: typeof Query): typeof Query {
  const own: unknown = Reflect.get(model, 'queryClass')
  if (own === undefined) return usual
  if (extendsQuery(own)) return own
  throw new ModelDefinitionError(
    model.name,
    'its queryClass is no class that extends Query',
    'Write: class PostQuery extends Query<Post> { … }.',
  )
}
