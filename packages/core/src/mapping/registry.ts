import { getMetadataArgsStorage } from 'typeorm'
import { ModelDefinitionError } from '../errors.js'
import { isObject } from '../options.js'
import { ownColumns } from './column.js'
import { lineage, type ModelClass, namesIn } from './model-class.js'
import { isRelation, ownRelations, type RelationDefinition } from './relation.js'
import { tableName } from './table-name.js'

/** A model of a database. */
export interface Entry {
  readonly name: string
  /** The class that was made from the columns; the real class extends it. */
  readonly definition: ModelClass | undefined
  /** The real class, once it was met; until then the definition stands for it. */
  readonly target: ModelClass
  /** Whether `createAll` has seen the model, so that it is too late for what changes its table. */
  readonly hasTable: boolean
}

/** The classes that models of any database extend. */
const everyBase = new WeakSet<object>()
/** The classes that were made from columns, but those that are only there to be extended. */
const made = new WeakSet<object>()

/**
 * The models of one database: which there are, and what was defined on them.
 *
 * Definitions stay here and become TypeORM's only when the metadata are built, so that a database may be configured after
 * its models, and so that two databases in one process never see each other's.
 */
export class ModelRegistry {
  /** The classes that its models extend, and the `bindKey` that these have. */
  readonly #bases: { readonly base: ModelClass; readonly bindKey: string | undefined }[] = []
  /** The same, and as the application extends them. */
  readonly #doors = new Set<unknown>()
  readonly #entries: { -readonly [K in keyof Entry]: Entry[K] }[] = []
  /** Classes that were looked at: those of entries, and those that are only there to be extended. */
  readonly #met = new Set<unknown>()
  /** Classes that were made from columns to be extended by other models, and have no table. */
  readonly #abstract = new Set<unknown>()
  /** Models whose metadata are not built as they are now. */
  readonly #changed = new Set<Entry>()
  /** Models whose relations were not followed yet. */
  readonly #unwalked = new Set<Entry>()
  /** Classes that decorators of TypeORM have told something of, and how many of their words were read. */
  readonly #decorated = new Set<unknown>()
  readonly #read = new Map<string, number>()

  /** Its models, in the order in which they were defined or met. */
  get entries(): readonly Entry[] {
    return this.#entries
  }

  /** Models that were defined or met since `settled` was called, or whose real class was. */
  get changed(): ReadonlySet<Entry> {
    return this.#changed
  }

  /** Notes that the metadata of all models are built. */
  settled(): void {
    this.#changed.clear()
  }

  /** Takes a class that models extend. @param door The form in which the application extends it. */
  addBase(base: ModelClass, door: ModelClass): void {
    everyBase.add(base)
    this.#bases.push({ base, bindKey: undefined })
    this.#doors.add(base).add(door)
  }

  /** Takes the models of another database whose `bindKey` is this one's. */
  bind(other: ModelRegistry, bindKey: string): void {
    this.#bases.push(...other.#bases.map(({ base }) => ({ base, bindKey })))
    for (const door of other.#doors) this.#doors.add(door)
  }

  /** Whether `target` is a class of the database's models; it may be one that is only there to be extended. */
  has(target: unknown): target is ModelClass {
    if (typeof target !== 'function' || this.#doors.has(target)) return false
    const prototype: unknown = target.prototype
    return this.#bases.some(({ base, bindKey }) => prototype instanceof base && bindKeyOf(target) === bindKey)
  }

  /** Takes a class that was made from columns; the class that extends it takes its place when it is met. */
  define(name: string, definition: ModelClass): void {
    if (isAbstract(definition)) {
      this.#abstract.add(definition)
      this.#met.add(definition)
    } else {
      made.add(definition)
      this.#add({ name, definition, target: definition, hasTable: false })
    }
  }

  /** Notes that `target` is a model; what is no class of this database is left alone. */
  meet(target: unknown): void {
    if (this.#met.has(target) || !this.has(target)) return
    const entry = this.#entries.find((each) => isRealClass(each, target))
    if (entry) {
      this.#refuseLateStatics(entry, target)
      entry.target = target
      this.#note(entry)
    } else if (isAbstract(target) || this.#abstract.has(Object.getPrototypeOf(target))) this.#met.add(target)
    else this.#add({ name: nameOf(target), definition: undefined, target, hasTable: false })
    for (const [property, relation] of bareRelations(target)) ownRelations(target).set(property, relation)
  }

  #add(entry: Entry): void {
    const { name } = entry
    refuseOtherBind(entry)
    const same = this.#entries.find((each) => each.name === name)
    if (same && tableOf(same) === tableOf(entry)) {
      throw new ModelDefinitionError(name, 'this database has a model of that name already', 'Rename one of them.')
    }
    this.#entries.push(entry)
    this.#note(entry)
  }

  #note(entry: Entry): void {
    this.#met.add(entry.target)
    this.#changed.add(entry)
    this.#unwalked.add(entry)
  }

  /** Meets what relations and decorators of TypeORM name, since nothing else may have named it yet. */
  meetNamed(): void {
    for (const [key, list] of Object.entries(getMetadataArgsStorage())) {
      if (!Array.isArray(list)) continue
      const seen = this.#read.get(key) ?? 0
      const told: readonly unknown[] = list.slice(seen <= list.length ? seen : 0)
      for (const { target } of told.filter(hasTarget)) {
        this.#decorated.add(target)
        this.meet(target)
      }
      this.#read.set(key, list.length)
    }
    for (const entry of this.#unwalked) {
      // It was made known before the line of its body that binds it.
      if (!this.has(entry.target)) throw lateBind(entry.name, entry.target)
      for (const owner of lineage(entry.target)) {
        for (const [property, { related }] of ownRelations(owner)) {
          const other = related()
          this.meet(other)
          this.#refuseForeign(entry, property, other)
        }
      }
      this.#unwalked.delete(entry)
    }
  }

  /** @throws {ModelDefinitionError} A relation leads to a model of another database, where no join and no foreign key gets. */
  #refuseForeign({ name, target }: Entry, property: string, other: unknown): void {
    if (typeof other !== 'function' || this.has(other) || !lineage(other).some((each) => everyBase.has(each))) return
    const at = (model: object): string => {
      const bindKey = bindKeyOf(model)
      return bindKey === undefined ? '' : ` (bindKey '${String(bindKey)}')`
    }
    throw new ModelDefinitionError(
      name + at(target),
      `its relation ${property} leads to ${other.name}${at(other)}, which is in another database`,
      `Keep the key in a column, and get the record by it: ${other.name}.get(…).`,
    )
  }

  /** The class that records are of, where a definition may stand for it. */
  realClassOf(target: ModelClass): ModelClass {
    return this.#entries.find(({ definition }) => definition === target)?.target ?? target
  }

  /** Whether a class itself says nothing that metadata hold: it has methods only. */
  isPlain(target: ModelClass): boolean {
    const says = ['tableName', 'primaryKey'].some((setting) => Object.hasOwn(target, setting))
    return !says && !this.#decorated.has(target) && ownColumns(target).size + ownRelations(target).size === 0
  }

  /** Notes that the tables of all models known by now were made. */
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
    const isKey = (key: unknown): boolean =>
      lineage(target).some((each) => ownColumns(each).get(String(key))?.options.primary) ||
      namesIn(entry.target, 'primaryKey').includes(key)
    if (Object.hasOwn(target, 'primaryKey') && !namesIn(target, 'primaryKey').every(isKey)) late('primaryKey', asSetting('primaryKey'))
    if (bareRelations(target).length > 0) late('relations', 'Write: static relations = this.relate({ … })')
  }
}

/** The database among the binds of its own that a model names. */
function bindKeyOf(model: object): unknown {
  return Reflect.get(model, 'bindKey')
}

/** @throws {ModelDefinitionError} The columns of a model were defined for one database, and its body names another. */
function refuseOtherBind({ name, target }: Entry): void {
  const bindKey = bindKeyOf(target)
  if (lineage(target).some((each) => made.has(each) && bindKeyOf(each) !== bindKey)) throw lateBind(name, target)
}

function lateBind(name: string, target: ModelClass): ModelDefinitionError {
  const bindKey = String(bindKeyOf(target))
  return new ModelDefinitionError(
    name,
    `its static bindKey '${bindKey}' was seen after it had been defined for another database`,
    `Write: db.Model('${name}', columns, { bindKey: '${bindKey}' }); in a class of decorators, as the first line of its body.`,
  )
}

/** What decorators of TypeORM tell is told of a target. */
function hasTarget(told: unknown): told is { readonly target: unknown } {
  return isObject(told) && 'target' in told
}

/** The table: a `static tableName` of the class itself or its definition, else made from the name. */
export function tableOf({ name, definition, target }: Entry): string {
  for (const each of [target, definition]) {
    const explicit: unknown = each && Object.hasOwn(each, 'tableName') ? Reflect.get(each, 'tableName') : undefined
    if (typeof explicit === 'string') return explicit
  }
  return tableName(name)
}

/**
 * Whether `target` is the class that the application made of a definition: it extends it, and has its name or no class that has
 * one stands between. What extends a model under another name is a model of its own.
 */
function isRealClass({ name, definition, target: present }: Entry, target: ModelClass): boolean {
  if (!definition) return false
  const between = lineage(target).slice(0, -1)
  const start = between.lastIndexOf(definition)
  if (start < 0) return false
  const bodies = between.slice(start + 1)
  const isNamed = target.name === name
  if (present !== definition && !(bodies.includes(present) && present.name !== name)) return false
  return isNamed || bodies.every((body) => body.name === '')
}

/** The name of a model that was defined by decorators. @throws {ModelDefinitionError} A bundler has shortened it. */
function nameOf(target: ModelClass): string {
  const name = target.name.replace(/^_+/, '')
  if (name.length >= 3 || Object.hasOwn(target, 'tableName')) return name
  throw new ModelDefinitionError(
    target.name || '(anonymous)',
    'its class name looks minified, and would name the table',
    "Give it a static tableName = '…', or use db.Model('Name', columns).",
  )
}

/** Relations of a class that were not given to `relate`: `static relations = { … }`. */
function bareRelations(target: ModelClass): [string, RelationDefinition][] {
  const relations: unknown = Object.hasOwn(target, 'relations') ? Reflect.get(target, 'relations') : undefined
  if (typeof relations !== 'object' || relations === null) return []
  return Object.entries(relations).filter((pair): pair is [string, RelationDefinition] => {
    return isRelation(pair[1]) && !ownRelations(target).has(pair[0])
  })
}

/** Whether a class says that it is only there to be extended: `static abstract = true`. */
function isAbstract(target: ModelClass): boolean {
  return Object.hasOwn(target, 'abstract') && Reflect.get(target, 'abstract') === true
}
