import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { boundValue, type RecordState } from './record-state.js'

/** How a write notices that another one has changed the row since it was read. @since 0.2 */
export type OptimisticLock =
  /** Its version is another one. */
  | 'version'
  /** What is to be changed has another value. */
  | 'changed'
  /** Not at all: the last one wins. */
  | 'off'

export const optimisticLocks: readonly unknown[] = ['version', 'changed', 'off'] satisfies OptimisticLock[]

const locks = new WeakMap<EntityMetadata['target'] & object, OptimisticLock>()

/** The setting of a model, which its class says; entities of plain TypeORM have none. */
export function lockOf({ target }: EntityMetadata): OptimisticLock {
  if (typeof target !== 'function') return 'off'
  let lock = locks.get(target)
  if (!lock) {
    const said: unknown = Reflect.get(target, 'optimisticLock')
    locks.set(target, (lock = said === 'version' || said === 'changed' ? said : 'off'))
  }
  return lock
}

/**
 * The columns that a statement finds as they were read, or touches no row.
 *
 * After a bulk write of its own session a record is known to be old, and no other can have changed what that has changed.
 */
export function guardOf(metadata: EntityMetadata, { snapshot, isExpired }: RecordState): readonly ColumnMetadata[] {
  const { versionColumn } = metadata
  if (!versionColumn || !snapshot || isExpired || lockOf(metadata) !== 'version') return nothing
  return boundValue(snapshot, versionColumn) === undefined ? nothing : [versionColumn]
}

const nothing: readonly ColumnMetadata[] = []
