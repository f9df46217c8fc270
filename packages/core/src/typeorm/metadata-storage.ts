import {
  type ColumnType,
  type ColumnOptions as TypeormColumnOptions,
  type EntityMetadata,
  getMetadataArgsStorage,
  type NamingStrategyInterface,
} from 'typeorm'
import type { DatabaseDriver } from '../drivers/driver.js'
import { MetadataArgsStorage } from '../drivers/internals.js'
import { shadowName } from '../drivers/shadow-column.js'
import { ModelDefinitionError } from '../errors.js'
import { addBlindIndexes, ownIndexes } from '../mapping/blind-index.js'
import { type ColumnDefinition, ownColumns, stampOf } from '../mapping/column.js'
import { lineage, namesIn } from '../mapping/model-class.js'
import { type Entry, type ModelRegistry, tableOf } from '../mapping/registry.js'
import { ownRelations, type RelationDefinition } from '../mapping/relation.js'
import { type ViewDefinition, viewOf } from '../mapping/view.js'
import type { ColumnKind, ColumnStorage } from '../types/column-type.js'
import { ModelNamingStrategy } from './naming-strategy.js'

/** What TypeORM calls a target: a class, or the name of a schema. */
export type Target = EntityMetadata['target']

/** What decorators, schemas and definitions have told, as TypeORM's builder reads it. */
export class ModelStorage extends MetadataArgsStorage {
  readonly #models: ModelRegistry
  readonly #naming: NamingStrategyInterface
  readonly #driver: DatabaseDriver

  constructor(models: ModelRegistry, naming: NamingStrategyInterface, driver: DatabaseDriver) {
    super()
    this.#models = models
    this.#naming = naming
    this.#driver = driver
  }

  /** Says whose names are made next: a model's are in snake case. */
  names(target: Target): void {
    const naming = this.#naming
    // Tables between two have no target; they belong to the one whose relation was asked for before.
    if (naming instanceof ModelNamingStrategy && typeof target === 'function') naming.isModel = this.#models.has(target)
  }

  override filterJoinColumns(target: Target, propertyName: string): ReturnType<MetadataArgsStorage['filterJoinColumns']> {
    this.names(target)
    return super.filterJoinColumns(target, propertyName)
  }

  override findJoinTable(target: Target, propertyName: string): ReturnType<MetadataArgsStorage['findJoinTable']> {
    this.names(target)
    return super.findJoinTable(target, propertyName)
  }

  /** Copies what another one holds. @param hasTable Whether a target gets metadata of its own. */
  copy(other: MetadataArgsStorage, hasTable: (target: Target) => boolean): void {
    const { tables, ...lists } = other
    this.tables.push(...tables.filter(({ target }) => hasTable(target)))
    for (const [key, list] of Object.entries(lists)) {
      const own: unknown = Reflect.get(this, key)
      if (Array.isArray(own) && Array.isArray(list)) Object.assign(this, { [key]: [...(own as unknown[]), ...(list as unknown[])] })
    }
  }

  /** Adds models, with what was defined on the classes that they extend. */
  describe(entries: readonly Entry[]): void {
    const { tables } = getMetadataArgsStorage()
    for (const entry of entries) {
      const { target } = entry
      const decorated = tables.filter((each) => each.target === target)
      for (const each of decorated) this.tables.push({ ...each, name: each.name ?? tableOf(entry) })
      const view = viewOf(target)
      if (view) this.#describeView(entry, view)
      else if (decorated.length === 0) this.tables.push({ target, name: tableOf(entry), type: 'regular' })
    }
    const models = new Map<unknown, object>(entries.map(({ definition, target }) => [definition, target]))
    const heirs = new Map(entries.flatMap(({ target }) => lineage(target).map((owner) => [owner, target] as const)))
    for (const [owner, heir] of heirs) this.#describe(owner, models.get(owner) ?? owner, heir)
  }

  #describeView(entry: Entry, { expression, materialized, dependsOn }: ViewDefinition): void {
    const { target } = entry
    this.tables.push({ target, name: tableOf(entry), type: 'view', expression, materialized, dependsOn: new Set(dependsOn) })
    const given = namesIn(target, 'primaryKey')
    const own = lineage(target).flatMap((owner) => [...ownColumns(owner)])
    const key = own.filter(([property, { options }]) => options.primary ?? given.includes(property)).map(([property]) => property)
    // By it old rows are told from new ones, so that nobody waits for a refresh.
    if (materialized && key.length > 0) this.indices.push({ target, columns: key, unique: true, synchronize: true })
  }

  /** Adds the columns of ours that classes of plain TypeORM have. */
  describePlain(targets: Iterable<Target>): void {
    const described = new Set<Target>()
    for (const target of targets) {
      if (typeof target !== 'function') continue
      for (const owner of lineage(target)) {
        if (described.has(owner) || this.#models.has(owner)) continue
        described.add(owner)
        this.#describeColumns(owner, owner, target)
      }
    }
  }

  /**
   * @param owner The class that columns and relations were defined on.
   * @param model That of the model, which has the settings.
   * @param heir A model that has them.
   */
  #describe(owner: Exclude<Target, string>, model: object, heir: Exclude<Target, string>): void {
    this.#describeColumns(owner, model, heir)
    for (const [propertyName, relation] of ownRelations(owner)) this.#relate(owner, propertyName, relation)
  }

  #describeColumns(owner: Exclude<Target, string>, model: object, heir: Exclude<Target, string>): void {
    const keys = namesIn(model, 'primaryKey')
    addBlindIndexes(owner)
    for (const [propertyName, definition] of ownColumns(owner)) {
      const { index, unique } = ownIndexes(definition)
      const { generated } = definition.options
      checkDefault(owner.name, propertyName, definition)
      const view = viewOf(heir)
      const options = { ...columnOptions(definition, keys.includes(propertyName), this.#driver), ...(view ? reckoned(definition) : {}) }
      this.columns.push({ target: owner, propertyName, mode: stampOf(definition) ?? 'regular', options })
      if (generated) this.generations.push({ target: owner, propertyName, strategy: generated === 'uuid' ? 'uuid' : 'increment' })
      if (view) {
        const isIndexed = view.materialized && !definition.options.primary && (index || unique)
        if (isIndexed) this.indices.push({ target: owner, columns: [propertyName], unique: Boolean(unique), synchronize: true })
        continue
      }
      if (unique === 'live') this.#uniqueAmongLive(owner, propertyName, options, heir)
      else if (unique) this.uniques.push({ target: owner, columns: [propertyName] })
      const method = definition.type.index
      const { indexMethods } = this.#driver.capabilities
      // Without methods a unique column has the index already.
      if (index || (method && (indexMethods || (method !== 'gin' && unique !== true)))) {
        const using = method && indexMethods ? { type: method } : {}
        this.indices.push({ target: owner, columns: [propertyName], synchronize: true, ...using })
      }
    }
  }

  /** A unique index of the live rows; of all, where none is deleted softly. */
  #uniqueAmongLive(target: Exclude<Target, string>, property: string, options: TypeormColumnOptions, heir: Exclude<Target, string>): void {
    const driver = this.#driver
    this.names(heir)
    const deletedAt = this.#deletionColumn(heir)
    if (!deletedAt) {
      this.uniques.push({ target, columns: [property] })
      return
    }
    const isLive = `${driver.escape(this.#named(deletedAt.propertyName, deletedAt.name))} IS NULL`
    if (driver.capabilities.partialIndexes) {
      this.indices.push({ target, columns: [property], unique: true, where: isLive, synchronize: true })
      return
    }
    const shadow = shadowName(property)
    const column = this.#named(property, options.name)
    this.columns.push({
      target,
      propertyName: shadow,
      mode: 'virtual',
      options: {
        ...options,
        name: shadowName(column),
        nullable: true,
        default: undefined,
        asExpression: `CASE WHEN ${isLive} THEN ${driver.escape(column)} END`,
        generatedType: 'VIRTUAL',
        select: false,
        insert: false,
        update: false,
      },
    })
    this.indices.push({ target, columns: [shadow], unique: true, synchronize: true })
  }

  /** The name of a column in the database, before TypeORM has built it. @param given The application's own. */
  #named(property: string, given: string | undefined): string {
    const naming = this.#naming
    if (given !== undefined) return given
    return naming instanceof ModelNamingStrategy ? naming.columnName(property, given, []) : naming.columnName(property, '', [])
  }

  /** The column of `heir`, or of a class that it extends, which says when a row was deleted. */
  #deletionColumn(heir: Exclude<Target, string>): { readonly propertyName: string; readonly name: string | undefined } | undefined {
    for (const owner of lineage(heir)) {
      for (const [propertyName, definition] of ownColumns(owner))
        if (stampOf(definition) === 'deleteDate') return { propertyName, name: definition.options.name }
      const decorated = getMetadataArgsStorage().columns.find(({ target, mode }) => target === owner && mode === 'deleteDate')
      if (decorated) return { propertyName: decorated.propertyName, name: decorated.options.name }
    }
    return undefined
  }

  #relate(target: Exclude<Target, string>, propertyName: string, { kind, related, inverse, options }: RelationDefinition): void {
    const { joinColumn, joinTable, ...rest } = options
    this.relations.push({
      target,
      propertyName,
      relationType: kind,
      isLazy: rest.lazy ?? false,
      type: () => this.#models.realClassOf(related()),
      ...(inverse === undefined ? {} : { inverseSideProperty: inverse }),
      options: rest,
    })
    if (kind === 'many-to-one' || joinColumn) {
      this.joinColumns.push({ target, propertyName, ...(typeof joinColumn === 'string' ? { name: joinColumn } : {}) })
    }
    if (joinTable) {
      this.joinTables.push({ target, propertyName, synchronize: true, ...(typeof joinTable === 'string' ? { name: joinTable } : {}) })
    }
  }
}

/** What a SELECT reckons may be of a wider type than its column says: a count is a large number to some databases. */
function reckoned({ type }: ColumnDefinition): Pick<TypeormColumnOptions, 'transformer'> {
  const makers: Partial<Record<ColumnKind, (value: unknown) => unknown>> = {
    integer: Number,
    number: Number,
    bigint: (value) => BigInt(String(value)),
  }
  const make = makers[type.kind]
  return make
    ? {
        transformer: {
          to: (value: unknown) => value,
          from: (value: unknown) => (value === null || value === undefined ? value : make(value)),
        },
      }
    : {}
}

function columnOptions(definition: ColumnDefinition, isKey: boolean, driver: DatabaseDriver): TypeormColumnOptions {
  const { type, options } = definition
  const { serverDefault, name, collation } = options
  const storage = type.storage(driver.kind, Boolean(options.generated))
  return {
    ...storage,
    type: known(driver, storage.type),
    ...(type.kind === 'search' ? { select: false } : {}),
    nullable: options.nullable ?? false,
    primary: options.primary ?? isKey,
    ...(name === undefined ? {} : { name }),
    ...(collation === undefined ? {} : { collation }),
    ...(serverDefault === undefined ? inDatabase(definition, driver) : { default: () => serverDefault }),
  }
}

/** Lets TypeORM take a type of the database that it has not heard of: one that the application, or a type, makes. */
function known({ supportedDataTypes }: DatabaseDriver, type: ColumnStorage['type']): ColumnType {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeORM lists the names that it knows
  const name = type as ColumnType
  if (typeof name === 'string' && !supportedDataTypes.includes(name)) supportedDataTypes.push(name)
  return name
}

/**
 * A plain default is the database's as well, for rows that others insert; as the database keeps and shows it, or a migration would
 * change it for ever.
 */
function inDatabase({ type, options }: ColumnDefinition, driver: DatabaseDriver): Pick<TypeormColumnOptions, 'default'> {
  const { default: value } = options
  // Of JSON every database has a form of its own.
  if (!['string', 'number', 'boolean'].includes(typeof value) || type.kind === 'json') return {}
  const { transformer } = type.storage(driver.kind)
  const accepted: unknown = type.accept(value)
  const stored: unknown = transformer && 'to' in transformer ? transformer.to(accepted) : accepted
  if (typeof stored === 'boolean' || Number.isInteger(stored)) return { default: stored }
  // A moment or bytes, of which every database has a form of its own.
  if (typeof stored === 'object') return {}
  const text = String(stored)
  const literal = driver.literal(text)
  // TypeORM puts quotes around a text, and does not look into it.
  return { default: literal === `'${text}'` ? text : () => literal }
}

/** @throws {ModelDefinitionError} The column does not take its own default. */
function checkDefault(model: string, property: string, { type, options }: ColumnDefinition): void {
  const { default: value } = options
  if (value === undefined || value === null || typeof value === 'function') return
  try {
    type.accept(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ModelDefinitionError(model, `the default of its column ${property} is refused, which ${error.message}`, 'Give one that fits.')
  }
}
