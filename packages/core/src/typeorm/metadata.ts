import { BaseEntity, type DataSource, type EntityMetadata, EntitySchema, getMetadataArgsStorage, type Logger } from 'typeorm'
import {
  EntityMetadataBuilder,
  EntityMetadataValidator,
  EntitySchemaTransformer,
  importClassesFromDirectories,
  type MetadataArgsStorage,
} from '../drivers/internals.js'
import { InvalidOptionError, ModelDefinitionError } from '../errors.js'
import { foreignKeys } from '../mapping/foreign-key.js'
import { lineage, type ModelClass, namesIn } from '../mapping/model-class.js'
import type { Entry, ModelRegistry } from '../mapping/registry.js'
import type { Engine } from '../session/engine.js'
import { keptOn } from '../plan/kept.js'
import { optimisticLocks } from '../plan/optimistic-lock.js'
import { tellForeignKeys } from './foreign-keys.js'
import { ModelStorage, type Target } from './metadata-storage.js'
import { describeTypes } from './type-columns.js'

type TableMetadataArgs = MetadataArgsStorage['tables'][number]

/**
 * TypeORM's metadata of the models and of plain entities, built without a connection.
 *
 * They are built once for what is known. A model that is met later is added, and the real class of a model takes the place of
 * its definition, so that what was compiled for the others stays. Only a class that changes the tables of others, as a child of
 * a single-table inheritance does, has all built anew.
 */
export class ModelMetadata {
  readonly #models: ModelRegistry
  readonly #classes = new Set<Target>()
  readonly #schemas = new Set<EntitySchema>()
  /** Where an application keeps its entities: they are imported as the database connects. */
  #paths: readonly string[]
  #built: Built | undefined

  /**
   * @param models The models.
   * @param entities Classes of plain TypeORM, its schemas, and models that nothing else names.
   * @param paths Paths and patterns of files that hold such, of a database that is adopted.
   * @throws {InvalidOptionError} One is neither: paths are not searched, since metadata are known before the first connection.
   */
  constructor(models: ModelRegistry, entities: readonly unknown[], paths: readonly string[] = []) {
    this.#models = models
    this.#paths = paths
    const other = entities.find((each) => typeof each !== 'function' && !(each instanceof EntitySchema))
    if (other !== undefined)
      throw new InvalidOptionError('models', "classes and EntitySchemas, not 'paths': import them, nothing would search", other)
    this.#take(entities)
  }

  #take(entities: readonly unknown[]): void {
    for (const each of entities) {
      this.#models.meet(each)
      if (each instanceof EntitySchema) this.#schemas.add(each)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what TypeORM calls a target
      else if (typeof each === 'function' && !this.#models.has(each)) this.#classes.add(each as Target)
    }
  }

  /** Whether entities lie in files that were not imported yet. */
  get awaitsFiles(): boolean {
    return this.#paths.length > 0
  }

  /** Imports the files that the paths of an adopted application name; all is built anew then. */
  async importFiles(logger: Logger): Promise<void> {
    if (!this.awaitsFiles) return
    const found = await importClassesFromDirectories(logger, [...this.#paths])
    this.#paths = []
    this.#take(found)
    this.#built = undefined
  }

  /** Whether all that can be known is built. */
  get isComplete(): boolean {
    return this.awaitsFiles || (this.#built !== undefined && this.#models.changed.size === 0)
  }

  /** Builds what is missing. @throws {ModelDefinitionError} A model cannot be built. */
  build(engine: Engine): Built {
    this.#meetNamed()
    this.#built = (this.#built && this.#grown(this.#built, engine)) ?? this.#builtAnew(engine)
    this.#models.settled()
    return this.#built
  }

  /** Relations of plain entities may name models that nothing else has named. */
  #meetNamed(): void {
    this.#models.meetNamed()
    const plain = new Set([...this.#classes].flatMap((each) => (typeof each === 'function' ? lineage(each) : [])))
    for (const { target, type } of this.#built ? [] : getMetadataArgsStorage().relations) {
      if (typeof target === 'function' && plain.has(target) && typeof type === 'function')
        this.#models.meet(Reflect.apply(type, undefined, []))
    }
    this.#models.meetNamed()
  }

  #builtAnew({ dataSource, driver }: Engine): Built {
    const { entries } = this.#models
    const storage = new ModelStorage(this.#models, dataSource.namingStrategy, driver)
    storage.copy(getMetadataArgsStorage(), (target) => this.#classes.has(target))
    storage.copy(new EntitySchemaTransformer().transform([...this.#schemas]), () => true)
    storage.describe(entries)
    storage.describePlain(this.#classes)
    const built = new Built()
    this.#add(built, entries, new Builder(dataSource, storage, []).build(), dataSource)
    return built
  }

  /** What was built, with the models that are new; `undefined` if these change what was built. */
  #grown(built: Built, { dataSource, driver }: Engine): Built | undefined {
    const added: Entry[] = []
    const real: Entry[] = []
    const children = getMetadataArgsStorage().tables.filter(({ type }) => type === 'entity-child')
    for (const entry of this.#models.changed) {
      if (children.some(({ target }) => target === entry.target)) return undefined
      if (!built.byEntry.has(entry)) added.push(entry)
      else if (this.#models.isPlain(entry.target)) real.push(entry)
      else return undefined
    }
    for (const entry of real) built.replaceTarget(entry)
    if (added.length === 0) return built
    const storage = new ModelStorage(this.#models, dataSource.namingStrategy, driver)
    storage.copy(getMetadataArgsStorage(), () => false)
    storage.describe(added)
    this.#add(built, added, new Builder(dataSource, storage, built.list).build(), dataSource)
    return built
  }

  #add(built: Built, entries: readonly Entry[], fresh: readonly EntityMetadata[], dataSource: DataSource): void {
    const byTarget = new Map(fresh.map((metadata) => [metadata.target, metadata]))
    for (const entry of entries) {
      const metadata = byTarget.get(entry.target)
      if (!metadata) continue
      refuseUnknownNames(entry, metadata)
      // The given name, whatever a bundler did to that of the class: it stands in messages.
      metadata.name = entry.name
    }
    const validator = new EntityMetadataValidator()
    validator.validateMany(
      withRelated(fresh).filter(({ tableType }) => tableType !== 'view'),
      dataSource.driver,
    )
    for (const metadata of fresh) {
      const { target } = metadata
      // Of what cannot be kept the definition tells, and not the first write.
      keptOn(metadata)
      if (typeof target === 'function' && isActiveRecord(target)) target.useDataSource(dataSource)
      if (this.#models.has(target)) {
        tellForeignKeys(metadata)
        giveWay(metadata)
      }
      describeTypes(metadata)
      built.list.push(metadata)
      built.byTarget.set(target, metadata)
    }
    for (const entry of entries) {
      const metadata = byTarget.get(entry.target)
      if (metadata) built.byEntry.set(entry, metadata)
    }
  }
}

/** The metadata that there are, in the two forms in which a data source holds them. */
export class Built {
  readonly list: EntityMetadata[] = []
  readonly byTarget = new Map<Target, EntityMetadata>()
  readonly byEntry = new Map<Entry, EntityMetadata>()

  /** Puts the real class of a model in the place of its definition; it has methods only. */
  replaceTarget(entry: Entry): void {
    const metadata = this.byEntry.get(entry)
    if (!metadata) return
    refuseUnknownNames(entry, metadata)
    this.byTarget.delete(metadata.target)
    metadata.target = entry.target
    metadata.inheritanceTree = [entry.target, ...metadata.inheritanceTree]
    this.byTarget.set(entry.target, metadata)
  }
}

/** Metadata with all that their relations lead to: what validation looks at. */
function withRelated(fresh: readonly EntityMetadata[]): EntityMetadata[] {
  const found = new Set(fresh)
  for (const { relations } of found) for (const { inverseEntityMetadata } of relations) found.add(inverseEntityMetadata)
  return [...found]
}

function isActiveRecord(target: object): target is typeof BaseEntity {
  return typeof target === 'function' && target.prototype instanceof BaseEntity
}

/** TypeORM's builder, which finds what was built before, and names what belongs to models. */
class Builder extends EntityMetadataBuilder {
  readonly #storage: ModelStorage
  readonly #known: readonly EntityMetadata[]

  constructor(dataSource: DataSource, storage: ModelStorage, known: readonly EntityMetadata[]) {
    super(dataSource, storage)
    this.#storage = storage
    this.#known = known
  }

  /** TypeORM looks no further than to the first class without a name, as a function may return it. */
  protected override createEntityMetadata(table: TableMetadataArgs): EntityMetadata {
    const metadata = super.createEntityMetadata(table)
    const { target } = table
    if (typeof target === 'function') {
      metadata.inheritanceTree = [...new Set([...lineage(target).reverse(), ...metadata.inheritanceTree])]
    }
    return metadata
  }

  protected override computeEntityMetadataStep2(metadata: EntityMetadata): void {
    this.#storage.names(metadata.target)
    super.computeEntityMetadataStep2(metadata)
  }

  protected override computeInverseProperties(metadata: EntityMetadata, all: EntityMetadata[]): void {
    super.computeInverseProperties(metadata, metadata.relations.length === 0 ? all : [...all, ...this.#known])
  }
}

/** @throws {ModelDefinitionError} The model has no key, or a setting names what it does not have: a hidden column, misspelt, would be shown. */
function refuseUnknownNames({ name, definition, target }: Entry, metadata: EntityMetadata): void {
  const { columns, relations, primaryColumns, parentEntityMetadata, versionColumn } = metadata
  const known = new Set<unknown>([...[...columns, ...relations].map(({ propertyName }) => propertyName), ...foreignKeys(metadata).keys()])
  for (const setting of ['primaryKey', 'hidden', 'fillable', 'guarded']) {
    for (const each of [target, definition]) {
      if (!each || !Object.hasOwn(each, setting)) continue
      const unknown = namesIn(each, setting).find((property) => !known.has(property))
      if (unknown === undefined) continue
      const remedy = `It has ${[...known].join(', ')}.`
      throw new ModelDefinitionError(name, `its ${setting} names ${String(unknown)}, which is no column`, remedy)
    }
  }
  refuseLock(name, target, versionColumn !== undefined)
  const check: unknown = Reflect.get(target, 'check')
  if (check !== undefined && typeof check !== 'function') {
    throw new ModelDefinitionError(name, 'its check is no function', "Write: static check = (record) => … || 'what is wrong'.")
  }
  if (primaryColumns.length > 0 || parentEntityMetadata) return
  const remedy = `Define a column with { primary: true }, or give { primaryKey: … } as the third parameter of db.BaseModel('${name}', columns, …).`
  throw new ModelDefinitionError(name, 'it has no key', remedy)
}

/** @throws {ModelDefinitionError} Its `optimisticLock` is none, or counts on a version that it does not have. */
function refuseLock(name: string, target: ModelClass, hasVersion: boolean): void {
  const lock: unknown = Reflect.get(target, 'optimisticLock')
  if (lock === undefined) return
  const isKnown = optimisticLocks.includes(lock)
  if (!isKnown) throw new ModelDefinitionError(name, 'its optimisticLock is none', "It takes 'version', 'changed' or 'off'.")
  if (lock !== 'version' || hasVersion) return
  const remedy = "Add version: db.Version(), or say optimisticLock: 'changed'."
  throw new ModelDefinitionError(name, "its optimisticLock is 'version', and it has no version", remedy)
}

/** Takes the one verb away that gives way to a column of its name: `count` is what many columns are called. */
function giveWay({ target, columns }: EntityMetadata): void {
  if (typeof target !== 'function' || !columns.some(({ propertyName }) => propertyName === 'count')) return
  const { prototype }: { readonly prototype: object } = target
  if (typeof Reflect.get(prototype, 'count') === 'function') {
    Object.defineProperty(prototype, 'count', { value: undefined, writable: true, configurable: true })
  }
}
