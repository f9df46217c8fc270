import { beginOperation } from '../scope/operation.js'
import type { ModelClass } from '../mapping/model-class.js'
import type { ViewExpression } from '../mapping/view.js'
import { BaseModel, subjectOf } from './base-model.js'
import * as verbs from './verbs.js'

/**
 * A view as a model: its records are read as any, and never written. `createAll` makes it after the tables, and `dropAll` drops it.
 *
 * @since 0.2
 * @example
 * class AuthorTotal extends db.View('AuthorTotal', {
 *   authorId: db.Column(db.Integer, { primary: true }),
 *   posts: db.Column(db.Integer),
 * }, { as: 'select author_id, count(*) as posts from post group by author_id', materialized: true }) {}
 * await AuthorTotal.refresh()
 * const busiest = await AuthorTotal.query().orderBy('posts', 'DESC').first()
 */
export class View extends BaseModel {
  /** Its SELECT: a text, or a function that gives TypeORM's builder of it. */
  declare static readonly as: ViewExpression
  /** Whether the database keeps its rows, until `refresh`; where it cannot, it is a plain view. @default false */
  declare static readonly materialized?: boolean
  /** Views that it reads from, which are made before it. @default none */
  declare static readonly dependsOn?: readonly ModelClass[]

  /**
   * Lets a materialised view be read anew, in the transaction of the scope. Others go on reading the old rows meanwhile. A view whose
   * rows the database does not keep is always new: there it does nothing.
   *
   * @since 0.2
   */
  static refresh(): Promise<void> {
    return beginOperation(async () => verbs.refresh(subjectOf(this)))
  }
}
