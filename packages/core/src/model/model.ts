import type { DateTime as Luxon } from 'luxon'
import { clock } from '../clock.js'
import { column, ownColumns, stamped } from '../mapping/column.js'
import { flagProperty, timeProperty } from '../plan/deletion.js'
import { Boolean, DateTime, Integer } from '../types/index.js'
import { beginOperation } from '../scope/operation.js'
import { BaseModel, subjectOf, verbOf } from './base-model.js'
import { prune, type PruneOptions } from './prune.js'
import type { RecordPromise } from './record-promise.js'
import * as verbs from './verbs.js'
import type { DeleteOptions } from './verbs.js'

/**
 * A model with a key, stamps and soft delete: `id`, `createdAt`, `updatedAt`, `isDeleted`, `deletedAt`.
 *
 * @since 0.1
 * @example
 * class User extends db.Model('User', {
 *   name: db.Column(db.String(25)),
 *   location: db.Column(db.String(50), { default: 'USA' }),
 * }) {}
 * const user = await User.create({ name: 'Mardix' })
 * await user.delete()         // no query finds it
 * await user.delete(false)    // all do again
 */
export class Model extends BaseModel {
  /** Key, made by the database. */
  declare id: number
  /** When the row was inserted, UTC. */
  declare createdAt: Luxon
  /** When the row was last changed, UTC. */
  declare updatedAt: Luxon
  /** When the row was deleted, UTC; `null` while it is live. */
  declare deletedAt: Luxon | null
  #readFlag = false

  /** Whether the row is deleted. It follows from `deletedAt`, so the two cannot disagree. */
  get isDeleted(): boolean {
    return this.deletedAt === undefined ? this.#readFlag : this.deletedAt !== null
  }

  set isDeleted(value: boolean) {
    // While a row is read, the flag comes before the time, which then decides.
    if (this.deletedAt === undefined) this.#readFlag = value
    else if (!value) this.deletedAt = null
    else this.deletedAt ??= clock.now()
  }

  /**
   * Deletes the record softly: the row stays, and no query finds it. A second call keeps the first time.
   *
   * @param how `false` restores it; `{ hardDelete: true }` deletes the row for good.
   * @throws {InvalidOptionError} `how` is something else.
   */
  override delete(how: boolean | DeleteOptions = true): RecordPromise<this> {
    if (how === false) return this.restore()
    return verbOf(this, (subject) => verbs.destroy(subject, this, how))
  }

  /**
   * Deletes rows for good that were deleted softly long ago: in batches, each a transaction of its own, so that none holds locks for
   * long. Rows that others refer to are an error, as for `delete({ hardDelete: true })`; hooks are not called.
   *
   * @returns Number of rows that are gone.
   * @throws {InvalidOptionError} There is no moment, or an option is unknown.
   * @throws {ForeignKeyError} A row of another table refers to one of them. Status 409.
   * @since 0.2
   * @example
   * await User.prune({ deletedBefore: db.utcnow().minus({ days: 90 }) })
   */
  static prune(options: PruneOptions): Promise<number> {
    return beginOperation(() => prune(() => verbs.rows(subjectOf<Model>(this), { onlyDeleted: true }), options))
  }

  /** Restores a deleted record. */
  override restore(): RecordPromise<this> {
    return verbOf(this, (subject) => verbs.restore(subject, this))
  }
}

/** Gives a base class of models the columns of every `db.Model`. */
export function withStamps<Base extends typeof Model>(Class: Base): Base {
  const own = ownColumns(Class)
  own.set('id', column(Integer, { primary: true, generated: true }))
  own.set('createdAt', stamped(column(DateTime), 'createDate'))
  own.set('updatedAt', stamped(column(DateTime), 'updateDate'))
  own.set(flagProperty, column(Boolean, { default: false }))
  // What queries say: see docs/decisions/007.
  own.set(timeProperty, stamped(column(DateTime, { nullable: true, index: true }), 'deleteDate'))
  return Class
}
