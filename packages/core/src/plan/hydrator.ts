import type { EntityMetadata, ObjectLiteral, QueryRunner } from 'typeorm'
import type { DatabaseDriver, Row } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { isForeignKey, keyColumn } from '../mapping/foreign-key.js'
import { plansAreOn } from './planned-column.js'
import { type Snapshot, snapshotOf } from './record-state.js'
import { quotedTable } from './statements.js'

/** A record that was made of a row. */
export class Hydrated {
  readonly record: ObjectLiteral
  /** Its model: of several in one table, the row says which. */
  readonly metadata: EntityMetadata
  /** The row as the record remembers it. */
  readonly row: Snapshot

  constructor(record: ObjectLiteral, metadata: EntityMetadata, row: Snapshot) {
    this.record = record
    this.metadata = metadata
    this.row = row
  }
}

type Decode = (raw: unknown) => unknown
/** Makes the record of values as the driver has them, in the order of the model's columns, and decodes them where they are. */
type Hydrate = (values: unknown[]) => ObjectLiteral

/**
 * Makes records of rows, for one model.
 *
 * Of the usual model a straight function is generated, so that all its records have one hidden class and each property is set
 * where it is; where code may not be generated, the same is done by a loop. A row has the columns of `list` first, in their order.
 */
export class Hydrator {
  /** The columns that a record is read from, foreign keys without a property included. */
  readonly columns: readonly ColumnMetadata[]
  /** The place of a column in a row. */
  readonly places: ReadonlyMap<ColumnMetadata, number>
  readonly #metadata: EntityMetadata
  readonly #discriminator: number | undefined
  readonly #hydrate: Hydrate | undefined
  /** For each column of the model the place of its value in a row; `undefined` where a row has them all, in their order. */
  readonly #order: readonly (number | undefined)[] | undefined
  readonly #lists = new Map<string, string>()
  #getText: string | undefined

  constructor(metadata: EntityMetadata, driver: DatabaseDriver) {
    this.#metadata = metadata
    this.columns = metadata.columns.filter((column) => column.isSelect && !column.isVirtualProperty)
    this.places = new Map(this.columns.map((column, index) => [column, index]))
    const { discriminatorColumn, childEntityMetadatas } = metadata
    this.#discriminator = childEntityMetadatas.length > 0 && discriminatorColumn ? this.places.get(discriminatorColumn) : undefined
    if (!plansAreOn || !isUsual(metadata)) return
    const order = metadata.columns.map((column) => (hasProperty(column) || isForeignKey(column) ? this.places.get(column) : undefined))
    if (order.some((place, index) => place !== index)) this.#order = order
    this.#hydrate = compiled(metadata, order, driver)
  }

  /** The columns in a SELECT of a table that is called `alias` there. */
  list(alias: string): string {
    let list = this.#lists.get(alias)
    if (list === undefined) {
      const { driver } = this.#metadata.dataSource
      const parts = this.columns.map(
        (column, index) => `${driver.escape(alias)}.${driver.escape(column.databaseName)} AS ${driver.escape(`c${index}`)}`,
      )
      this.#lists.set(alias, (list = parts.join(', ')))
    }
    return list
  }

  /** The SELECT of one live record; binds its key. */
  getText(): string {
    if (this.#getText !== undefined) return this.#getText
    const { dataSource, tableName, primaryColumns, deleteDateColumn } = this.#metadata
    const { driver } = dataSource
    const table = driver.escape(tableName)
    const keys = primaryColumns.map(
      (column, index) => `${table}.${driver.escape(column.databaseName)} = ${driver.createParameter('', index)}`,
    )
    const alive = deleteDateColumn ? ` AND ${table}.${driver.escape(deleteDateColumn.databaseName)} IS NULL` : ''
    this.#getText = `SELECT ${this.list(tableName)} FROM ${quotedTable(this.#metadata)} ${table} WHERE ${keys.join(' AND ')}${alive}`
    return this.#getText
  }

  /** The record of a row. @param session Gives TypeORM what it needs to load lazy relations. */
  hydrate(values: Row, session: { readonly reader: QueryRunner }): Hydrated {
    const metadata = this.#concrete(values)
    if (this.#hydrate) {
      const row = this.#ordered(values)
      const record = this.#hydrate(row)
      return new Hydrated(record, metadata, snapshotOf(metadata, row))
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeORM makes an instance of the model
    const record = metadata.create(session.reader, { fromDeserializer: true }) as ObjectLiteral
    const { driver } = metadata.dataSource
    const keys = new Map<ColumnMetadata, unknown>()
    for (const [column, place] of this.places) {
      const own = metadata === this.#metadata ? column : metadata.columns.find(({ propertyPath }) => propertyPath === column.propertyPath)
      if (!own) continue
      if (hasProperty(own)) own.setEntityValue(record, driver.prepareHydratedValue(values[place], own))
      else if (isForeignKey(own)) keys.set(own, driver.prepareHydratedValue(values[place], keyColumn(own)))
    }
    const row = metadata.columns.map((column): unknown => (hasProperty(column) ? column.getEntityValue(record) : keys.get(column)))
    return new Hydrated(record, metadata, snapshotOf(metadata, row))
  }

  /** The values of a row for the columns of the model: the row itself, where it is nothing else. */
  #ordered(row: Row): unknown[] {
    if (!this.#order) return row.length === this.columns.length ? row : row.slice(0, this.columns.length)
    return this.#order.map((place): unknown => (place === undefined ? undefined : row[place]))
  }

  #concrete(row: Row): EntityMetadata {
    if (this.#discriminator === undefined) return this.#metadata
    const value = row[this.#discriminator]
    return this.#metadata.childEntityMetadatas.find(({ discriminatorValue }) => discriminatorValue === value) ?? this.#metadata
  }
}

const hydrators = new WeakMap<EntityMetadata, Hydrator>()

/** The hydrator of a model, made once. */
export function hydratorOf(metadata: EntityMetadata, driver: DatabaseDriver): Hydrator {
  let hydrator = hydrators.get(metadata)
  if (!hydrator) hydrators.set(metadata, (hydrator = new Hydrator(metadata, driver)))
  return hydrator
}

/** Whether a column is read into a property: a foreign key may have none, and the kind of a row is no property. */
function hasProperty(column: ColumnMetadata): boolean {
  return column.isSelect && !column.isVirtualProperty && !column.isVirtual && !column.isDiscriminator
}

/** A model whose columns are properties of a plain class. */
function isUsual(metadata: EntityMetadata): boolean {
  const { embeddeds, childEntityMetadatas, lazyRelations, target, discriminatorColumn } = metadata
  return (
    typeof target === 'function' &&
    embeddeds.length === 0 &&
    lazyRelations.length === 0 &&
    childEntityMetadatas.length === 0 &&
    !discriminatorColumn &&
    metadata.columns.every((column) => !hasProperty(column) || !column.relationMetadata)
  )
}

function compiled(metadata: EntityMetadata, order: readonly (number | undefined)[], driver: DatabaseDriver): Hydrate {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the target of a model is its class
  const Class = metadata.target as new () => ObjectLiteral
  const columns = metadata.columns.flatMap((column, index): ReadColumn[] => {
    if (order[index] === undefined) return []
    const property = hasProperty(column) ? column.propertyName : undefined
    return [{ index, property, decode: driver.decoderOf(keyColumn(column)) }]
  })
  try {
    return generated(Class, columns)
  } catch {
    // `--disallow-code-generation-from-strings`, or a policy of the host.
    return (values) => {
      const record = new Class()
      for (const { index, property, decode } of columns) {
        const value = decode(values[index])
        values[index] = value
        if (property !== undefined) record[property] = value
      }
      return record
    }
  }
}

/** A column of a model that is read. */
interface ReadColumn {
  /** Its place among the columns of the model. */
  readonly index: number
  /** `undefined` of a foreign key that has none. */
  readonly property: string | undefined
  readonly decode: Decode
}

/** Code of our own, in which names of properties stand as texts of JSON and nothing else comes from outside. */
function generated(Class: new () => ObjectLiteral, columns: readonly ReadColumn[]): Hydrate {
  const lines = columns.map(({ index, property }, number) => {
    const target = property === undefined ? '' : `record[${JSON.stringify(property)}] = `
    return `${target}values[${index}] = d${number}(values[${index}])`
  })
  const body = ['const record = new Class()', ...lines, 'return record'].join('\n')
  const decoders = columns.map((_, number) => `d${number}`)
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- The one place where code is made; what stands in it is said above.
  const make = new Function('Class', ...decoders, `return function hydrate(values) {\n${body}\n}`) as (
    Class: unknown,
    ...decoders: Decode[]
  ) => Hydrate
  return make(Class, ...columns.map(({ decode }) => decode))
}
