import { randomUUID } from 'node:crypto'
import type { DateTime } from 'luxon'
import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { driverOf } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { isNumbered, isUnread, momentOf } from '../mapping/mapped-column.js'
import { type DeletionColumns, deletionColumns, deletionValues } from './deletion.js'
import { type PlannedColumn, plannedColumn, plannedColumns, plansAreOn } from './planned-column.js'
import type { Statement } from './pieces.js'
import { batchSize, deletionText, insertListsText, insertText, rowLimit, updateText } from './statements.js'

/** An INSERT of certain columns. */
export interface InsertPlan {
  /** The columns whose values are bound, in this order. */
  readonly given: readonly PlannedColumn[]
  /** The columns that the database fills. */
  readonly filled: readonly PlannedColumn[]
  /** Whether it stores nothing where a unique value is taken. */
  readonly unlessTaken: boolean
  /** Whether all that the database fills are keys that the statement tells: nothing is left to read, or to refuse. */
  readonly givesKeysAlone: boolean
  /** How many of `rows` rows the next statement takes. */
  readonly batch: (rows: number) => number
  /** The statement of so many rows. @param values Bound ones, one row after the other. */
  readonly statement: (rows: number, values: readonly unknown[]) => InsertStatement
}

/** An INSERT as it is sent. */
interface InsertStatement extends Statement {
  /** Those of the columns that the database fills which it gives back. */
  readonly returning: readonly PlannedColumn[]
}

/** An UPDATE of certain columns, whose values are bound in this order, and then the key's. */
export interface UpdatePlan {
  readonly columns: readonly PlannedColumn[]
  readonly text: string
}

/** An UPDATE that marks a row as deleted, or takes the mark off. */
export interface DeletionPlan extends UpdatePlan {
  readonly deletion: DeletionColumns
  /** The values of its columns. @param now The present. */
  values(now: unknown): unknown[]
}

/** Sets of columns whose statements are kept: a client chooses which columns it sends. */
const setLimit = 256

/** What was made for sets of columns, the oldest first. */
class BySet<Value> {
  readonly #values = new Map<number | string, Value>()

  of(columns: readonly PlannedColumn[], make: () => Value): Value {
    const key = keyOf(columns)
    const known = plansAreOn ? this.#values.get(key) : undefined
    if (known !== undefined) return known
    const value = make()
    this.#values.set(key, value)
    const [oldest] = this.#values.size > setLimit ? this.#values.keys() : []
    if (oldest !== undefined) this.#values.delete(oldest)
    return value
  }
}

/** The highest place that a number has an exact bit for. */
const bits = 52

/** A set of columns as a number with a bit for each of them; as a text where there are too many. */
function keyOf(columns: readonly PlannedColumn[]): number | string {
  let key = 0
  for (const { index } of columns) {
    if (index > bits) return columns.map((column) => column.index).join()
    key += 2 ** index
  }
  return key
}

/** What is compiled once for the writes of a model. */
export class Plan {
  readonly metadata: EntityMetadata
  readonly columns: readonly PlannedColumn[]
  readonly key: readonly PlannedColumn[]
  readonly updateDate: PlannedColumn | undefined
  readonly #blanks: readonly { readonly column: PlannedColumn; readonly make: (now: DateTime) => unknown }[]
  readonly #inserts = { returning: new BySet<InsertPlan>(), plain: new BySet<InsertPlan>() }
  readonly #updates = { returning: new BySet<UpdatePlan>(), plain: new BySet<UpdatePlan>() }
  #deletions: { readonly delete: DeletionPlan; readonly restore: DeletionPlan } | undefined

  constructor(metadata: EntityMetadata) {
    this.metadata = metadata
    this.columns = plannedColumns(metadata)
    this.key = metadata.primaryColumns.map(plannedColumn)
    this.updateDate = metadata.updateDateColumn && plannedColumn(metadata.updateDateColumn)
    this.#blanks = this.columns.flatMap((column) => {
      const make = blankOf(column.metadata)
      return make ? { column, make } : []
    })
  }

  /** Fills in what a new row has of itself: its stamps, its version, a key that is random; and `null`, as the row will have it. */
  fillBlanks(record: ObjectLiteral, now: DateTime): void {
    for (const { column, make } of this.#blanks) if (column.get(record) === undefined) column.set(record, make(now))
  }

  /**
   * The INSERT of rows.
   *
   * @param rows Values by the index of their column; what one of them has is given for all.
   * @param canReturn Whether the database gives back what it has filled in.
   * @param unlessTaken Whether it stores nothing where a unique value is taken.
   */
  insert(rows: readonly (readonly unknown[])[], canReturn: boolean, unlessTaken: boolean): InsertPlan {
    const given = this.columns.filter(({ index, metadata }) => metadata.isInsert && rows.some((row) => row[index] !== undefined))
    const make = (): InsertPlan => {
      const filled = this.columns.filter((column) => isFilled(column.metadata) && !given.includes(column))
      const { maxParameters, insertGivesKey } = driverOf(this.metadata.dataSource).capabilities
      const tellsKey = insertGivesKey && !unlessTaken && filled.length === 1 && filled.every(({ metadata }) => isNumbered(metadata))
      const returning = canReturn ? filled : []
      const [columns, back] = [given, returning].map((each) => each.map(({ metadata }) => metadata))
      const text = (count: number): string => insertText(this.metadata, columns ?? [], count, back ?? [], unlessTaken)
      const single = insertText(this.metadata, columns ?? [], 1, tellsKey ? [] : (back ?? []), unlessTaken)
      const listsText = unlessTaken ? undefined : this.#listsText(columns ?? [], back ?? [])
      const givesKeysAlone = tellsKey || (returning.length === filled.length && filled.every(({ metadata }) => metadata.isGenerated))
      return {
        given,
        filled,
        unlessTaken,
        givesKeysAlone,
        batch: (rows) => (listsText === undefined ? batchSize(rows, maxParameters, given.length) : Math.min(rows, rowLimit)),
        statement(rows, values) {
          if (rows === 1) return { text: single, values, returning: tellsKey ? [] : returning }
          return listsText === undefined
            ? { text: text(rows), values, returning }
            : { text: listsText, values: listed(values, given.length), returning }
        },
      }
    }
    return unlessTaken ? make() : this.#inserts[canReturn ? 'returning' : 'plain'].of(given, make)
  }

  /** The INSERT that binds a list of values for each column; `undefined` where one of them has no such list. */
  #listsText(columns: readonly ColumnMetadata[], returning: readonly ColumnMetadata[]): string | undefined {
    const driver = driverOf(this.metadata.dataSource)
    const types = columns.flatMap((column) => driver.listTypeOf?.(column) ?? [])
    const isListed = types.length > 0 && types.length === columns.length
    return isListed ? insertListsText(this.metadata, columns, types, returning) : undefined
  }

  /** The UPDATE of columns. @param returning What it gives back of the row: nothing, or always the same. @param guard What the row must have. */
  update(columns: readonly PlannedColumn[], returning: readonly ColumnMetadata[], guard: readonly ColumnMetadata[]): UpdatePlan {
    const names = (): ColumnMetadata[] => columns.map(({ metadata }) => metadata)
    const make = (): UpdatePlan => ({ columns, text: updateText(this.metadata, names(), returning, guard) })
    return guard.length > 0 ? make() : this.#updates[returning.length > 0 ? 'returning' : 'plain'].of(columns, make)
  }

  /** The UPDATE that marks a row as deleted, or takes the mark off; `undefined` of a model without marks. @param guard What the row must have. */
  deletion(isDeleting: boolean, guard: readonly ColumnMetadata[]): DeletionPlan | undefined {
    const deletion = deletionColumns(this.metadata)
    if (!deletion) return undefined
    if (guard.length > 0) return this.#deletionOf(deletion, isDeleting, guard)
    if (!this.#deletions || !plansAreOn) {
      const planOf = (deletes: boolean): DeletionPlan => this.#deletionOf(deletion, deletes, guard)
      this.#deletions = { delete: planOf(true), restore: planOf(false) }
    }
    return this.#deletions[isDeleting ? 'delete' : 'restore']
  }

  #deletionOf(deletion: DeletionColumns, isDeleting: boolean, guard: readonly ColumnMetadata[]): DeletionPlan {
    const marks = deletionValues<true>(deletion, isDeleting ? true : null)
    const { updateDateColumn } = this.metadata
    const columns = [...marks.keys(), ...(updateDateColumn ? [updateDateColumn] : [])]
    // The time of the deletion is that of the change.
    const isNow = columns.map((column) => column === updateDateColumn || (column === deletion.time && isDeleting))
    return {
      deletion,
      columns: columns.map(plannedColumn),
      text: deletionText(this.metadata, columns, isDeleting, guard),
      values: (now) => columns.map((column, index): unknown => (isNow[index] ? now : marks.get(column))),
    }
  }
}

/** A list for each of so many columns, of values that stand one row after the other. */
function listed(values: readonly unknown[], columns: number): unknown[][] {
  const lists = Array.from({ length: columns }, (): unknown[] => [])
  for (const [index, value] of values.entries()) lists[index % columns]?.push(value)
  return lists
}

/** A column that the database fills where no value is given. */
function isFilled(column: ColumnMetadata): boolean {
  const isComputed = column.asExpression !== undefined && !isUnread(column)
  return column.isGenerated || column.default !== undefined || isComputed
}

/** What stands in a new row where the application gives nothing, and neither does the database. */
function blankOf(column: ColumnMetadata): ((now: DateTime) => unknown) | undefined {
  if (column.isCreateDate || column.isUpdateDate) return (now) => momentOf(column, now)
  if (column.isDeleteDate) return () => null
  if (column.isVersion) return () => 1
  if (column.isGenerated && column.generationStrategy === 'uuid') return () => randomUUID()
  return column.isNullable && column.default === undefined && !column.isVirtual ? () => null : undefined
}

const plans = new WeakMap<EntityMetadata, Plan>()

/** The plan of a model, made once. */
export function planOf(metadata: EntityMetadata): Plan {
  let plan = plans.get(metadata)
  if (!plan) plans.set(metadata, (plan = new Plan(metadata)))
  return plan
}
