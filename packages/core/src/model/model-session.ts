import type { ObjectLiteral } from 'typeorm'
import { ModelDefinitionError } from '../errors.js'
import type { ModelClass } from '../mapping/model-class.js'
import type { Eventual } from '../eventual.js'
import type { Path, Query, WithRelations } from '../query/query.js'
import { Session } from '../session/session.js'
import { BaseModel, database, notFound, subjectOf } from './base-model.js'
import { queryClassOf } from './query-class.js'
import { RecordPromise } from './record-promise.js'
import * as verbs from './verbs.js'
import type { GetOptions } from './verbs.js'

/**
 * The session of a scope, which also knows how to read models: `db.session`.
 *
 * @since 0.1
 * @example
 * await db.run(async () => {
 *   const user = await db.session.get(User, 1)
 *   const everyone = await db.session.query(User).all()
 * })
 */
export class ModelSession extends Session {
  /** See `Session.add`. @throws {ModelDefinitionError} A record is of another database. */
  override add(...records: object[]): void {
    for (const record of records) this.#refuseForeign(record.constructor)
    super.add(...records)
  }

  /** The record with this key, `null` if there is none or it is deleted. See `Model.get`. */
  get<T extends BaseModel, const P extends Path<T> = never>(
    model: ModelClass<T>,
    id: unknown,
    options?: GetOptions<P>,
  ): RecordPromise<WithRelations<T, P>, WithRelations<T, P> | null>
  get<T extends BaseModel>(model: ModelClass<T>, id: unknown, options?: GetOptions): RecordPromise<T, T | null> {
    this.#refuseForeign(model)
    const read = (): Eventual<T | null> => verbs.get(subjectOf<T>(model), id, options, this.scope)
    return RecordPromise.begin<T, T | null>(read, notFound(model, id), this.scope)
  }

  /** A query of a model; deleted rows are left out, as in `Model.query()`. */
  query<T extends ObjectLiteral>(model: abstract new (...values: never[]) => T): Query<T> {
    this.#refuseForeign(model)
    const { dataSource, queryClass } = database(model)
    return queryClassOf(model, queryClass).of<T>(dataSource, model).in(this.scope)
  }

  #refuseForeign(model: object): void {
    refuseForeign(model, this.dataSource)
  }
}

function isModel(model: object): model is typeof BaseModel {
  return typeof model === 'function' && model.prototype instanceof BaseModel
}

/** @throws {ModelDefinitionError} The model is one of another database. */
export function refuseForeign(model: object, dataSource: object): void {
  if (!isModel(model) || database(model).dataSource === dataSource) return
  throw new ModelDefinitionError(model.name, 'it is a model of another database', 'Use its own verbs, or the session of its database.')
}
