import { type ColumnOptions as TypeormColumnOptions, type DataSource, type EntityMetadata, getMetadataArgsStorage } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { EntityMetadataBuilder, EntityMetadataValidator, MetadataArgsStorage } from '../drivers/internals.js'
import { ModelDefinitionError } from '../errors.js'
import type { ModelClass, ModelSource } from '../session/model-source.js'
import type { ColumnType, DatabaseKind } from '../types/column-type.js'
import { type ColumnDefinition, ownColumns } from './column.js'
import { isRelation, ownRelations, type RelationDefinition } from './relation.js'
import { tableName } from './table-name.js'

/** Columns that the library writes by itself. */
export type ColumnRole = 'createDate' | 'updateDate' | 'deleteDate'

/** A model of a database. */
interface Entry {
  readonly name: string
  /** The class that was made from the columns; the real class extends it. */
  readonly definition: ModelClass | undefined
  /** The real class, once it was met; until then the definition stands for it. */
  target: ModelClass
  /** Whether `createAll` has seen the model, so that it is too late for what changes its table. */
  hasTable?: boolean
}

/** Columns of these roles, by the class that defines them. */
const roles = new WeakMap<ColumnDefinition, ColumnRole>()

/** Marks a column as one that the library writes by itself. */
export function withRole<Definition extends ColumnDefinition>(definition: Definition, role: ColumnRole): Definition {
  roles.set(definition, role)
  return definition
}

/**
 * The models of one database.
 *
 * Definitions stay here and become TypeORM's only when the metadata are built, so that a database may be configured after
 * its models, and so that two databases in one process never see each other's.
 */
export class ModelRegistry implements ModelSource {
  readonly #isModel: (target: unknown) => target is ModelClass
  readonly #kind: () => DatabaseKind
  readonly #entries: Entry[] = []
  readonly #targets = new Set<ModelClass>()
  readonly #others: () => readonly unknown[]
  #definitions = new WeakMap<ColumnMetadata, ColumnDefinition | undefined>()
  #version = 0

  /**
   * @param isModel Tells the models of the database from other classes.
   * @param kind Tells the family of the database, when it is known.
   * @param others Entities of plain TypeORM.
   */
  constructor(isModel: (target: unknown) => target is ModelClass, kind: () => DatabaseKind, others: () => readonly unknown[]) {
    this.#isModel = isModel
    this.#kind = kind
    this.#others = others
  }

  get version(): number {
    return this.#version
  }

  /** Whether `target` is one of the database's models; notes it if it is. */
  has(target: unknown): boolean {
    this.meet(target)
    return this.#isModel(target)
  }

  /** Takes a class that was made from columns; the class that extends it takes its place when it is met. */
  define(name: string, definition: ModelClass): void {
    this.#refuseSameName(name, definition)
    this.#entries.push({ name, definition, target: definition })
    this.#targets.add(definition)
    this.#version += 1
  }

  /** Notes that `target` is a model; what is no class of this database is left alone. */
  meet(target: unknown): void {
    if (!this.#isModel(target) || this.#targets.has(target)) return
    const parent: unknown = Object.getPrototypeOf(target)
    const entry = this.#entries.find(({ definition }) => definition !== undefined && definition === parent)
    if (entry && entry.target === entry.definition) {
      this.#refuseLateStatics(entry, target)
      this.#targets.delete(entry.target)
      entry.target = target
    } else if (isAbstractBase(target)) return
    else {
      const name = target.name.replace(/^_+/, '')
      if (name.length < 3 && !Object.hasOwn(target, 'tableName')) {
        throw new ModelDefinitionError(
          target.name || '(anonymous)',
          'its class name looks minified, and would name the table',
          "Give it a static tableName = '…', or use db.Model('Name', columns).",
        )
      }
      this.#refuseSameName(name, target)
      this.#entries.push({ name, definition: undefined, target })
    }
    for (const [property, relation] of bareRelations(target)) ownRelations(target).set(property, relation)
    this.#targets.add(target)
    this.#version += 1
  }

  noteTables(): void {
    for (const entry of this.#entries) entry.hasTable = true
  }

  /** Nobody sees the body of a class before its first use; what changes its table must be known when that is made. */
  #refuseLateStatics(entry: Entry, target: ModelClass): void {
    if (!entry.hasTable) return
    const { name } = entry
    const table = tableOf({ ...entry, target })
    const late = (what: string, remedy: string): never => {
      throw new ModelDefinitionError(name, `its static ${what} was seen after createAll had made its table`, remedy)
    }
    const asSetting = (setting: string): string =>
      `Write: db.Model('${name}', columns, { ${setting}: … }), or call db.register(${name}) before createAll().`
    // Two models may share a table.
    if (!this.#entries.some((each) => each.hasTable && tableOf(each) === table)) late('tableName', asSetting('tableName'))
    const keys = Object.hasOwn(target, 'primaryKey') ? [Reflect.get(target, 'primaryKey') as unknown].flat() : []
    const isKey = (key: unknown): boolean =>
      lineage(target).some((each) => ownColumns(each).get(key as string)?.options.primary) ||
      [Reflect.get(entry.target, 'primaryKey') as unknown].flat().includes(key)
    if (!keys.every(isKey)) late('primaryKey', asSetting('primaryKey'))
    if (bareRelations(target).length > 0) late('relations', 'Write: static relations = this.relate({ … })')
  }

  #refuseSameName(name: string, target: ModelClass): void {
    const same = this.#entries.find((entry) => entry.name === name)
    if (same && tableOf(same) === tableOf({ name, definition: undefined, target })) {
      throw new ModelDefinitionError(name, 'this database has a model of that name already', 'Rename one of them.')
    }
  }

  // ------------------------------------------------------------------------------------------------ metadata

  build(dataSource: DataSource): EntityMetadata[] {
    this.#meetRelated()
    this.#definitions = new WeakMap()
    const storage = new MetadataArgsStorage()
    const global = getMetadataArgsStorage()
    for (const key of Object.keys(storage) as (keyof MetadataArgsStorage)[]) {
      const copy: unknown = global[key]
      if (Array.isArray(copy)) Object.assign(storage, { [key]: [...copy] })
    }
    const targets = this.#entries.map((entry) => entry.target)
    for (const entry of this.#entries) {
      if (!storage.tables.some(({ target }) => target === entry.target)) {
        storage.tables.push({ target: entry.target, name: tableOf(entry), type: 'regular' })
      }
    }
    for (const owner of new Set(targets.flatMap(lineage))) this.#describe(owner, storage)
    const others = this.#others().filter((each) => typeof each === 'function')
    const entities = new EntityMetadataBuilder(dataSource, storage).build([...targets, ...others] as never)
    for (const entry of this.#entries) {
      for (const metadata of entities) if (metadata.target === entry.target) refuseUnknownNames(entry, metadata)
    }
    new EntityMetadataValidator().validateMany(
      entities.filter(({ tableType }) => tableType !== 'view'),
      dataSource.driver,
    )
    // The given name, whatever a bundler did to that of the class: it stands in messages.
    for (const { name, target } of this.#entries) {
      for (const metadata of entities) if (metadata.target === target) metadata.name = name
    }
    return entities
  }

  /** Plain TypeORM decorators and relations may name classes that nothing else has named yet. */
  #meetRelated(): void {
    const { columns, relations, tables, indices, uniques, checks } = getMetadataArgsStorage()
    for (const { target } of [...columns, ...relations, ...tables, ...indices, ...uniques, ...checks]) this.meet(target)
    for (let met = -1; met !== this.#version; ) {
      met = this.#version
      for (const { target } of this.#entries) {
        for (const owner of lineage(target)) {
          for (const { related } of ownRelations(owner).values()) this.meet(related())
        }
      }
    }
  }

  /** Hands TypeORM what was defined on one class. */
  #describe(owner: ModelClass, storage: MetadataArgsStorage): void {
    const target = owner as new () => object
    const model = this.#entries.find(({ definition }) => definition === owner)?.target ?? owner
    const keys = [Reflect.get(model, 'primaryKey') as unknown].flat()
    for (const [propertyName, definition] of ownColumns(owner)) {
      const { index, unique, generated } = definition.options
      storage.columns.push({
        target,
        propertyName,
        mode: roles.get(definition) ?? 'regular',
        options: this.#options(definition, keys.includes(propertyName)),
      })
      if (generated) storage.generations.push({ target, propertyName, strategy: generated === 'uuid' ? 'uuid' : 'increment' })
      if (unique) storage.uniques.push({ target, columns: [propertyName] })
      if (index) storage.indices.push({ target, columns: [propertyName], synchronize: true })
    }
    for (const [propertyName, relation] of ownRelations(owner)) this.#relate(target, propertyName, relation, storage)
  }

  #options({ type, options }: ColumnDefinition, isKey: boolean): TypeormColumnOptions {
    const { serverDefault, name } = options
    return {
      ...type.storage(this.#kind(), Boolean(options.generated)),
      nullable: options.nullable ?? false,
      primary: options.primary ?? isKey,
      ...(name === undefined ? {} : { name }),
      ...(serverDefault === undefined ? inDatabase(options.default) : { default: () => serverDefault }),
    }
  }

  #relate(
    target: new () => object,
    propertyName: string,
    { kind, related, inverse, options }: RelationDefinition,
    storage: MetadataArgsStorage,
  ): void {
    const { joinColumn, joinTable, ...rest } = options
    storage.relations.push({
      target,
      propertyName,
      relationType: kind,
      isLazy: rest.lazy ?? false,
      type: related as () => new () => object,
      ...(inverse === undefined ? {} : { inverseSideProperty: inverse }),
      options: rest,
    })
    if (kind === 'many-to-one' || joinColumn) {
      storage.joinColumns.push({ target, propertyName, ...(typeof joinColumn === 'string' ? { name: joinColumn } : {}) })
    }
    if (joinTable) {
      storage.joinTables.push({
        target,
        propertyName,
        synchronize: true,
        ...(typeof joinTable === 'string' ? { name: joinTable } : {}),
      } as never)
    }
  }

  // ------------------------------------------------------------------------------------------------ what sessions ask

  /** The definition of a column, if it was made by `db.Column`. */
  definitionOf(column: ColumnMetadata): ColumnDefinition | undefined {
    if (!this.#definitions.has(column)) {
      const { target } = column.entityMetadata
      const owner =
        typeof target === 'function' && column.propertyPath === column.propertyName
          ? lineage(target as ModelClass)
              .reverse()
              .find((each) => ownColumns(each).has(column.propertyName))
          : undefined
      this.#definitions.set(column, owner && ownColumns(owner).get(column.propertyName))
    }
    return this.#definitions.get(column)
  }

  columnType(column: ColumnMetadata): ColumnType<unknown> | undefined {
    return this.definitionOf(column)?.type
  }

  isHidden(column: ColumnMetadata): boolean {
    if (this.definitionOf(column)?.options.hidden || !column.isSelect) return true
    const { target } = column.entityMetadata
    const hidden: unknown = typeof target === 'function' ? Reflect.get(target, 'hidden') : undefined
    return Array.isArray(hidden) && hidden.includes(column.propertyName)
  }

  defaultValue(column: ColumnMetadata): unknown {
    const definition = this.definitionOf(column)
    const value = definition?.options.default
    if (typeof value === 'function') return (value as () => unknown)()
    // Each record changes its own.
    return definition?.type.mutable ? structuredClone(value) : value
  }
}

/** The classes from the library's own base to `target`, whose columns it has. */
function lineage(target: ModelClass): ModelClass[] {
  const classes: ModelClass[] = []
  for (let each: unknown = target; typeof each === 'function' && each !== Function.prototype; each = Object.getPrototypeOf(each)) {
    classes.unshift(each as ModelClass)
  }
  return classes
}

/** Relations of a class that were not given to `relate`: `static relations = { … }`. */
function bareRelations(target: ModelClass): [string, RelationDefinition][] {
  const relations: unknown = Object.hasOwn(target, 'relations') ? Reflect.get(target, 'relations') : undefined
  if (typeof relations !== 'object' || relations === null) return []
  return Object.entries(relations).filter((pair): pair is [string, RelationDefinition] => {
    return isRelation(pair[1]) && !ownRelations(target).has(pair[0])
  })
}

/** @throws {ModelDefinitionError} The model has no key, or a setting names what it does not have: a hidden column, misspelt, would be shown. */
function refuseUnknownNames(
  { name, definition, target }: Entry,
  { columns, relations, primaryColumns, parentEntityMetadata }: EntityMetadata,
): void {
  const known = new Set([...columns, ...relations].map(({ propertyName }) => propertyName))
  for (const setting of ['primaryKey', 'hidden', 'fillable', 'guarded']) {
    for (const each of [target, definition]) {
      const names: unknown = each && Object.hasOwn(each, setting) ? Reflect.get(each, setting) : undefined
      const unknown = names === undefined ? undefined : [names].flat().find((property) => !known.has(property as string))
      if (unknown !== undefined) {
        throw new ModelDefinitionError(
          name,
          `its ${setting} names ${String(unknown)}, which is no column`,
          `It has ${[...known].join(', ')}.`,
        )
      }
    }
  }
  if (primaryColumns.length === 0 && !parentEntityMetadata) {
    throw new ModelDefinitionError(
      name,
      'it has no key',
      `Define a column with { primary: true }, or give { primaryKey: … } as the third parameter of db.BaseModel('${name}', columns, …).`,
    )
  }
}

/** A class that is only there to be extended: `static abstract = true`. */
function isAbstractBase(target: ModelClass): boolean {
  return Object.hasOwn(target, 'abstract') && Reflect.get(target, 'abstract') === true
}

/** The table: a `static tableName` of the class itself or its definition, else made from the name. */
function tableOf({ name, definition, target }: Entry): string {
  for (const each of [target, definition]) {
    const explicit: unknown = each && Object.hasOwn(each, 'tableName') ? Reflect.get(each, 'tableName') : undefined
    if (typeof explicit === 'string') return explicit
  }
  return tableName(name)
}

/** A plain default is the database's as well, for rows that others insert. */
function inDatabase(value: unknown): { default?: string | number | boolean } {
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isPlain ? { default: value } : {}
}
