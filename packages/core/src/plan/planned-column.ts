import { DateTime } from 'luxon'
import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { driverOf } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { keyColumn } from '../mapping/foreign-key.js'
import { valueOf } from './foreign-key.js'

/**
 * Whether what a model needs again and again is made once for it. `ALCHEMY_PLANS=off` in the environment has all of it made anew, column
 * by column, as TypeORM's metadata say: the tests do both, for the results must be the same.
 */
export const plansAreOn = process.env['ALCHEMY_PLANS'] !== 'off'

/** A column of a model, with what is done with its values, made once. */
export class PlannedColumn {
  readonly metadata: ColumnMetadata
  /** Its place among the columns of its model. */
  readonly index: number
  readonly property: string
  /** Whether its value is the property of that name, and nothing else. */
  readonly isPlain: boolean
  /** Whether it is a foreign key with a property of its own beside its relation: `countryId` beside `country`. */
  readonly isMappedKey: boolean
  /** Makes of a value what is bound. */
  readonly encode: (value: unknown) => unknown
  /** Makes a value of what a row has. */
  readonly decode: (raw: unknown) => unknown

  constructor(metadata: ColumnMetadata, index: number) {
    const { propertyName, embeddedMetadata, relationMetadata, referencedColumn, isVirtual, entityMetadata } = metadata
    const driver = driverOf(entityMetadata.dataSource)
    this.metadata = metadata
    this.index = index
    this.property = propertyName
    this.isPlain = plansAreOn && !embeddedMetadata && !relationMetadata && !referencedColumn
    this.isMappedKey = relationMetadata !== undefined && !isVirtual
    this.encode = plansAreOn ? driver.encoderOf(metadata) : (value) => driver.preparePersistentValue(value, metadata)
    this.decode = plansAreOn
      ? driver.decoderOf(keyColumn(metadata))
      : (raw) => driver.prepareHydratedValue(raw, keyColumn(metadata)) as unknown
  }

  /** The value that `record` has; `undefined` when it has none. */
  get(record: ObjectLiteral): unknown {
    return this.isPlain ? record[this.property] : valueOf(this.metadata, record)
  }

  /** Gives `record` a value. */
  set(record: ObjectLiteral, value: unknown): void {
    if (this.isPlain) record[this.property] = value
    else this.metadata.setEntityValue(record, value)
  }
}

/** Whether a value can change without being replaced. A Luxon moment cannot. */
export function canChange(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof DateTime)
}

/**
 * Binds values of a row.
 *
 * @param row Values by the index of their column. @param bound Takes them at its end, in the order of `columns`.
 * @returns By the same index, the bound forms of those that can change.
 */
export function bindRow(columns: readonly PlannedColumn[], row: readonly unknown[], bound: unknown[]): unknown[] | undefined {
  let forms: unknown[] | undefined
  for (const { index, encode } of columns) {
    const value = row[index]
    const form = encode(value)
    bound.push(form ?? null)
    if (canChange(value)) (forms ??= [])[index] = form
  }
  return forms
}

const planned = new WeakMap<ColumnMetadata, PlannedColumn>()
const plannedOfModel = new WeakMap<EntityMetadata, readonly PlannedColumn[]>()

/** The columns of a model, in the order of its metadata. */
export function plannedColumns(metadata: EntityMetadata): readonly PlannedColumn[] {
  let columns = plannedOfModel.get(metadata)
  if (!columns) {
    columns = metadata.columns.map((column, index) => new PlannedColumn(column, index))
    plannedOfModel.set(metadata, columns)
    for (const column of columns) planned.set(column.metadata, column)
  }
  return columns
}

/** The plan of one column. */
export function plannedColumn(column: ColumnMetadata): PlannedColumn {
  const known = planned.get(column)
  if (known) return known
  plannedColumns(column.entityMetadata)
  return planned.get(column) ?? new PlannedColumn(column, -1)
}
