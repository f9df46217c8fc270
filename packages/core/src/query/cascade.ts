import type { DateTime } from 'luxon'
import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { clock } from '../clock.js'
import type { RelationMetadata } from '../drivers/internals.js'
import type { Eventual } from '../eventual.js'
import { keyColumn } from '../mapping/foreign-key.js'
import { bind, keyed } from '../plan/pieces.js'
import { deletionColumns } from '../plan/deletion.js'
import { recordState, rowValueOf } from '../plan/record-state.js'
import type { Session } from '../session/session.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { deletion, update } from './bulk.js'
import { type Reading, records, recordsOf, textOf } from './fetch.js'
import { QueryState } from './query-state.js'
import { ends, relatedTo } from './relations.js'
import { columnValueType } from './value-type.js'

/** The most keys that one statement names. */
const mostKeys = 1_000

/** What went together, or comes back together. */
interface Wave {
  /** The time by which it is known. */
  readonly at: unknown
  /** The same, where it is deleted; `undefined` where it is restored. */
  readonly deletes: DateTime<true> | undefined
}

/** Deletes a record softly, and with it the records of its relations that say `cascade: ['soft-remove']`. */
export function softDelete(record: ObjectLiteral, session: Session, dataSource: AlchemyDataSource): Eventual<void> {
  const metadata = dataSource.getMetadata(record.constructor)
  if (!metadata.relations.some(({ isCascadeSoftRemove }) => isCascadeSoftRemove)) return session.records.softDelete(record)
  return session.records.whole(() => new Cascade(session, dataSource).softDelete(metadata, record))
}

/** Restores a deleted record, and of its relations that say `cascade: ['recover']` the records that were deleted with it. */
export function restore(record: ObjectLiteral, session: Session, dataSource: AlchemyDataSource): Eventual<void> {
  const metadata = dataSource.getMetadata(record.constructor)
  if (!metadata.relations.some(({ isCascadeRecover }) => isCascadeRecover)) return session.records.restore(record)
  return session.records.whole(() => new Cascade(session, dataSource).restore(metadata, record))
}

/**
 * Follows relations down from a record that is deleted or restored, level by level: one statement reads the records of a relation, one
 * writes them, and one reads what was written.
 *
 * What went together has one time of deletion, by which it is known when it comes back.
 */
class Cascade {
  static #last = 0

  readonly #session: Session
  readonly #dataSource: AlchemyDataSource
  readonly #reading: Reading

  constructor(session: Session, dataSource: AlchemyDataSource) {
    this.#session = session
    this.#dataSource = dataSource
    this.#reading = { session, writes: true, hasFragment: false }
  }

  /** A time that no record has which was deleted until now, by itself or with another. */
  static #timeOfItsOwn(): DateTime<true> {
    const now = clock.now()
    Cascade.#last = Math.max(Cascade.#last, now.toMillis()) + 1
    return now.plus(Cascade.#last - now.toMillis())
  }

  async softDelete(metadata: EntityMetadata, record: ObjectLiteral): Promise<void> {
    const at = Cascade.#timeOfItsOwn()
    await this.#session.records.softDelete(record, at)
    // One that was deleted already keeps its time, and takes nothing with it.
    if (this.#timeText(metadata, deletionColumns(metadata)?.time.getEntityValue(record)) !== this.#timeText(metadata, at)) return
    await this.#follow([record], { at, deletes: at })
  }

  async restore(metadata: EntityMetadata, record: ObjectLiteral): Promise<void> {
    const time = deletionColumns(metadata)?.time
    this.#session.records.own(record)
    if (time) await this.#session.records.read(record, [time])
    const at: unknown = time?.getEntityValue(record)
    await this.#session.records.restore(record)
    if (at !== null && at !== undefined) await this.#follow([record], { at, deletes: undefined })
  }

  async #follow(owners: readonly ObjectLiteral[], wave: Wave): Promise<void> {
    for (const [metadata, alike] of this.#byModel(owners)) {
      for (const relation of metadata.relations) {
        if (!(wave.deletes ? relation.isCascadeSoftRemove : relation.isCascadeRecover)) continue
        // Records that are only ever deleted for good stay.
        if (!deletionColumns(relation.inverseEntityMetadata)) continue
        const children = await this.#children(relation, alike, wave)
        for (const [model, some] of this.#byModel(children)) await this.#mark(model, some, wave)
        await this.#follow(children, wave)
      }
    }
  }

  #byModel(owners: readonly ObjectLiteral[]): ReadonlyMap<EntityMetadata, readonly ObjectLiteral[]> {
    const models = new Map<EntityMetadata, ObjectLiteral[]>()
    for (const owner of owners) {
      const metadata = this.#dataSource.getMetadata(owner.constructor)
      const alike = models.get(metadata)
      if (alike) alike.push(owner)
      else models.set(metadata, [owner])
    }
    return models
  }

  /** The related records that are live, or that were deleted then. */
  async #children(relation: RelationMetadata, owners: readonly ObjectLiteral[], { at, deletes }: Wave): Promise<ObjectLiteral[]> {
    // Objects that are on the owners are those that the application has: they follow.
    for (const child of owners.flatMap((owner) => relatedTo(owner, relation))) if (this.#isFree(child)) this.#session.records.own(child)
    const found = new Set<ObjectLiteral>()
    for (let start = 0; start < owners.length; start += mostKeys) {
      const state = new QueryState(this.#dataSource, relation.inverseEntityMetadata)
      const { own, theirs, link } = ends(relation, state)
      const columns = theirs.map(({ pieces }) => pieces)
      const keys = owners
        .slice(start, start + mostKeys)
        .map((owner) => own.map((column) => columnValueType(this.#dataSource, keyColumn(column)).encode(rowValueOf(column, owner) ?? null)))
        .filter((key) => !key.includes(null))
      if (keys.length === 0) continue
      state.conditions.push(keyed(columns, keys))
      const time = deletionColumns(state.metadata)?.time
      if (!deletes && time) {
        state.visibility = 'deleted'
        state.conditions.push([...state.from.column(time), ' = ', bind(columnValueType(this.#dataSource, time).encode(at))])
      }
      for (const child of recordsOf(await records(state, this.#reading, { columns, areRelated: true, join: link, perKey: false })))
        found.add(child)
    }
    return [...found]
  }

  async #mark(metadata: EntityMetadata, children: readonly ObjectLiteral[], { deletes }: Wave): Promise<void> {
    const { records: work } = this.#session
    if (children.some((child) => work.isHeard(child))) {
      for (const child of children) await (deletes ? work.softDelete(child, deletes) : work.restore(child))
      return
    }
    for (const child of children) work.change(child, () => [])
    for (let start = 0; start < children.length; start += mostKeys) {
      const keys = children
        .slice(start, start + mostKeys)
        .map((child) =>
          metadata.primaryColumns.map((column) => columnValueType(this.#dataSource, column).encode(column.getEntityValue(child))),
        )
      const state = new QueryState(this.#dataSource, metadata)
      state.visibility = 'all'
      state.conditions.push(
        keyed(
          metadata.primaryColumns.map((column) => state.from.column(column)),
          keys,
        ),
      )
      await update(state, deletion(state, deletes !== undefined, deletes), this.#reading)
      await records(state, this.#reading)
    }
  }

  #isFree(child: ObjectLiteral): boolean {
    const { snapshot, owner, removed } = recordState(child)
    return snapshot !== undefined && !removed && (owner === undefined || owner === this.#session.scope.ownership || !owner.isExclusive)
  }

  #timeText(metadata: EntityMetadata, value: unknown): string | undefined {
    const time = deletionColumns(metadata)?.time
    return time && textOf([columnValueType(this.#dataSource, time).encode(value)])
  }
}
