import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidValueError, type ValueFault } from '../errors.js'
import { after, type Eventual } from '../eventual.js'
import { judge, judgeRecord, type ModelCheck, ofColumn, type Rules } from '../mapping/check.js'
import { columnType, isHidden, rulesOf } from '../mapping/mapped-column.js'
import { lineage } from '../mapping/model-class.js'

/** The rules of a model: of its columns beside their types, and of a record as a whole. */
interface ModelRules {
  readonly target: unknown
  readonly columns: ReadonlyMap<ColumnMetadata, Rules>
  /** Hidden columns that have rules. */
  readonly hidden: readonly string[]
  readonly checks: readonly ModelCheck<never>[]
}

const known = new WeakMap<EntityMetadata, ModelRules>()
/** Hidden columns that a client has named, by their record: it may be told what is wrong with them. */
const named = new WeakMap<object, readonly string[]>()

function modelRules(metadata: EntityMetadata): ModelRules {
  const { target } = metadata
  const made = known.get(metadata)
  // The real class of a model takes the place of its definition.
  if (made?.target === target) return made
  const columns = new Map<ColumnMetadata, Rules>()
  for (const column of metadata.columns) {
    const rules = rulesOf(column)
    if (rules) columns.set(column, rules)
  }
  const hidden = [...columns.keys()].filter((column) => isHidden(column)).map(({ propertyName }) => propertyName)
  const rules = { target, columns, hidden, checks: typeof target === 'function' ? lineage(target).flatMap(ownCheck) : [] }
  known.set(metadata, rules)
  return rules
}

/** Whether a model has rules that a value may break which fits its column. */
export function hasRules(metadata: EntityMetadata): boolean {
  const { columns, checks } = modelRules(metadata)
  return columns.size + checks.length > 0
}

/** The check that a class says itself: those that it extends have theirs as well. */
function ownCheck(owner: object): ModelCheck<never>[] {
  const check: unknown = Object.hasOwn(owner, 'check') ? Reflect.get(owner, 'check') : undefined
  return typeof check === 'function' ? [(record) => Reflect.apply(check, owner, [record])] : []
}

/** Notes which hidden columns the values of a client name, for what is said of them. */
export function noteNamed(metadata: EntityMetadata, record: object, values: readonly (readonly [name: string, value: unknown])[]): void {
  const { hidden } = modelRules(metadata)
  if (hidden.length === 0) return
  const names = values.map(([name]) => name).filter((name) => hidden.includes(name))
  if (names.length > 0) named.set(record, names)
}

/**
 * Holds values, which fit their columns, against the rules of these; and the record as a whole, if nothing is wrong with its parts.
 *
 * @param columns Those that are written.
 * @param found What is wrong already, of values that do not fit.
 * @throws {InvalidValueError} Something is wrong; all of it is told.
 */
export function holdToRules(
  metadata: EntityMetadata,
  record: object,
  columns: readonly ColumnMetadata[],
  found: readonly ValueFault[] = [],
): Eventual<void> {
  const rules = modelRules(metadata)
  let faults: Eventual<readonly ValueFault[]> = found
  if (rules.columns.size > 0) {
    for (const column of columns) {
      const own = rules.columns.get(column)
      if (own && !found.some((fault) => fault.column === column.propertyPath)) faults = joined(faults, heldToRules(column, own, record))
    }
  }
  return after(faults, (wrong) => {
    if (wrong.length > 0) throw new InvalidValueError(metadata.name, wrong)
    if (rules.checks.length === 0) return
    return after(judgeRecord(rules.checks, record), (whole) => {
      if (whole.length > 0) throw new InvalidValueError(metadata.name, whole)
    })
  })
}

/** Of both, which may run side by side. */
function joined(some: Eventual<readonly ValueFault[]>, more: Eventual<readonly ValueFault[]>): Eventual<readonly ValueFault[]> {
  if (some instanceof Promise || more instanceof Promise) return Promise.all([some, more]).then((all) => all.flat())
  return more.length === 0 ? some : [...some, ...more]
}

function heldToRules(column: ColumnMetadata, rules: Rules, record: object): Eventual<readonly ValueFault[]> {
  const value: unknown = column.getEntityValue(record)
  if (value === undefined || value === null) return none
  return after(judge(columnType(column), rules, value, isHidden(column)), ({ value: kept, faults }) => {
    if (faults.length === 0) {
      if (kept !== value) column.setEntityValue(record, kept)
      return none
    }
    const isUnknown = isHidden(column) && !named.get(record)?.includes(column.propertyName)
    return ofColumn(isUnknown ? '*' : column.propertyPath, faults)
  })
}

const none: readonly ValueFault[] = []

/** Holds the value of one column against its rules, as a bulk write gives it. @returns The value to keep. @throws {InvalidValueError} */
export function heldValue(column: ColumnMetadata, name: string, value: unknown): Eventual<unknown> {
  const rules = modelRules(column.entityMetadata).columns.get(column)
  if (!rules || value === undefined || value === null) return value
  return after(judge(columnType(column), rules, value, isHidden(column)), ({ value: kept, faults }) => {
    if (faults.length > 0) throw new InvalidValueError(column.entityMetadata.name, ofColumn(name, faults))
    return kept
  })
}
