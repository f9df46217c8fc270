import type { EntityMetadata, ObjectLiteral, QueryRunner } from 'typeorm'
import type { DatabaseDriver, Row } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { isForeignKey, keyColumn } from '../mapping/foreign-key.js'
import { plansAreOn } from './planned-column.js'
import { type Snapshot, snapshotOf } from './record-state.js'
import { quotedTable } from './statements.js'

/** A record that was made of a row. */
export interface Hydrated {
  readonly record: ObjectLiteral
  /** Its model: of several in one table, the row says which. */
  readonly metadata: EntityMetadata
  /** The row as the record remembers it. */
  readonly row: Snapshot
}

type Decode = (raw: unknown) => unknown
type Hydrate = (row: Row) => { readonly record: ObjectLiteral; readonly values: unknown[] }

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
  readonly #lists = new Map<string, string>()
  #getText: string | undefined

  constructor(metadata: EntityMetadata, driver: DatabaseDriver) {
    this.#metadata = metadata
    this.columns = metadata.columns.filter((column) => column.isSelect && !column.isVirtualProperty)
    this.places = new Map(this.columns.map((column, index) => [column, index]))
    const { discriminatorColumn, childEntityMetadatas } = metadata
    this.#discriminator = childEntityMetadatas.length > 0 && discriminatorColumn ? this.places.get(discriminatorColumn) : undefined
    if (plansAreOn && isUsual(metadata)) this.#hydrate = compiled(metadata, this.places, driver)
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
      const made = this.#hydrate(values)
      return { record: made.record, metadata, row: snapshotOf(metadata, made.values) }
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
    return { record, metadata, row: snapshotOf(metadata, row) }
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

function compiled(metadata: EntityMetadata, places: ReadonlyMap<ColumnMetadata, number>, driver: DatabaseDriver): Hydrate {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the target of a model is its class
  const Class = metadata.target as new () => ObjectLiteral
  const columns = metadata.columns.map((column) => ({
    column,
    place: hasProperty(column) || isForeignKey(column) ? places.get(column) : undefined,
  }))
  const decoders = columns.map(({ column }) => driver.decoderOf(keyColumn(column)))
  try {
    return generated(Class, columns, decoders)
  } catch {
    // `--disallow-code-generation-from-strings`, or a policy of the host.
    return (row) => {
      const record = new Class()
      const values = columns.map(({ column, place }, index): unknown => {
        if (place === undefined) return undefined
        const value = decoders[index]?.(row[place])
        if (hasProperty(column)) record[column.propertyName] = value
        return value
      })
      return { record, values }
    }
  }
}

/** Code of our own, in which names of properties stand as texts of JSON and nothing else comes from outside. */
function generated(
  Class: new () => ObjectLiteral,
  columns: readonly { readonly column: ColumnMetadata; readonly place: number | undefined }[],
  decoders: readonly Decode[],
): Hydrate {
  const read = columns.map(({ place }, index) =>
    place === undefined ? `const v${index} = undefined` : `const v${index} = d[${index}](row[${place}])`,
  )
  const set = columns.flatMap(({ column, place }, index) =>
    place === undefined || !hasProperty(column) ? [] : [`record[${JSON.stringify(column.propertyName)}] = v${index}`],
  )
  const values = columns.map((_, index) => `v${index}`)
  const body = [...read, 'const record = new Class()', ...set, `return { record, values: [${values.join(', ')}] }`].join('\n')
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- The one place where code is made; what stands in it is said above.
  const make = new Function('Class', 'd', `return function hydrate(row) {\n${body}\n}`) as (Class: unknown, d: readonly Decode[]) => Hydrate
  return make(Class, decoders)
}
