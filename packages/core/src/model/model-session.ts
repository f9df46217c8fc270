import type { ObjectLiteral } from 'typeorm'
import type { Query } from '../query/query.js'
import { Session } from '../session/session.js'
import { type BaseModel, type GetOptions, keyed, notFound, queryOf } from './base-model.js'
import type { ModelClass } from './definition.js'
import { RecordPromise } from './record-promise.js'

/**
 * The session of a scope, which also knows how to read models: `db.session`.
 *
 * @example
 * await db.run(async () => {
 *   const user = await db.session.get(User, 1)
 *   const everyone = await db.session.query(User).all()
 * })
 */
export class ModelSession extends Session {
  /** The record with this key, `null` if there is none or it is deleted. See `Model.get`. */
  get<T extends BaseModel>(model: ModelClass<T>, id: unknown, options?: GetOptions): RecordPromise<T, T | null> {
    const read = async (): Promise<T | null> => keyed(model, options).withKey(id)
    return this.scope.run(() => RecordPromise.begin<T, T | null>(read, notFound(model, id)))
  }

  /** A query of a model; deleted rows are left out, as in `Model.query()`. */
  query<T extends ObjectLiteral>(model: abstract new (...values: never[]) => T): Query<T> {
    return queryOf(model).in(this.scope)
  }
}
