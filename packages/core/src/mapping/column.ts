import { InvalidOptionError, ModelDefinitionError } from '../errors.js'
import { anything, flag, type Option, readOptions, text } from '../options.js'
import type { ColumnType, ComputedType, GeneratingType } from '../types/column-type.js'
import { Integer } from '../types/integer.js'
import type { ColumnCheck } from './check.js'
import { type LengthLimit, limitOptions, readLimits } from './limits.js'
import { isStandardSchema } from './standard-schema.js'

/**
 * How a column is defined beside its type.
 *
 * @typeParam T What the column takes. @typeParam Read What a record has there.
 * @since 0.1
 */
export interface ColumnOptions<T, Read = T> {
  /** Value of a new record that has none; a function is called at each INSERT. */
  readonly default?: T | (() => T) | null
  /**
   * How the database compares and sorts texts of the column, by its own name for it: `utf8mb4_general_ci`, `de_DE`, `NOCASE`.
   *
   * @default by code points; its order is the database's
   */
  readonly collation?: string
  /** SQL of the default that the database applies: `now()`. */
  readonly serverDefault?: string
  /** Whether the column may hold no value. @default false */
  readonly nullable?: boolean
  /** Whether no two rows may have the same value; `'live'`: no two rows that are not deleted softly. @default false */
  readonly unique?: boolean | 'live'
  /** Whether the column has an index. @default false */
  readonly index?: boolean
  /** Whether the column is the primary key, or a part of it. @default false */
  readonly primary?: boolean
  /** Whether the key is made by the database (`true`, `'increment'`) or as a UUID. @default false */
  readonly generated?: boolean | 'increment' | 'uuid'
  /** Name in the database. @default the property's in snake case */
  readonly name?: string
  /** Whether `toDict()` and `toJSON()` leave the column out. @default false */
  readonly hidden?: boolean
  /** The smallest value, of numbers, days, times and moments; a CHECK of the database too. @default none @since 0.2 */
  readonly min?: T
  /** The largest value. See `min`. @default none @since 0.2 */
  readonly max?: T
  /** How many characters a text has, or items a list; of texts a CHECK of the database too. @default what the type takes @since 0.2 */
  readonly length?: LengthLimit
  /** What a text must match; a CHECK of the database too, where it reads the expression alike. @default none @since 0.2 */
  readonly pattern?: RegExp
  /** A function of the value, or a schema of any library that speaks Standard Schema. @default none @since 0.2 */
  readonly check?: ColumnCheck<Read, T>
}

/** Options of whichever type: what they take is looked at beside them, for in one with them a choice would be widened to any text. */
type SomeOptions = Omit<ColumnOptions<unknown>, 'check'> & { readonly check?: unknown }

/** What can be said of a column that the database computes. @since 0.2 */
export type ComputedOptions = Pick<ColumnOptions<never>, 'nullable' | 'index' | 'name' | 'hidden' | 'collation'>

declare const valueType: unique symbol
declare const isOptional: unique symbol
declare const alsoTaken: unique symbol
declare const role: unique symbol

/** What values may do to a column: set it, set it in a new record only, or never. */
type ColumnRole = 'plain' | 'key' | 'generated'

/** A column of a model: in the columns of `db.Model(name, columns)`, or as a decorator of a property. @since 0.1 */
export interface ColumnDefinition<Value = unknown, Optional extends boolean = boolean, Also = unknown, Role = ColumnRole> {
  readonly type: ColumnType<unknown>
  readonly options: ColumnOptions<unknown, never>
  /** Only for the type. */
  readonly [valueType]?: Value
  /** Only for the type: whether `create` may leave it out. */
  readonly [isOptional]?: Optional
  /** Only for the type: what values may hold beside `Value`. */
  readonly [alsoTaken]?: Also
  /** Only for the type. */
  readonly [role]?: Role
}

/** What a property must be to carry the column: its type fits, and both are nullable or neither is. */
type Fits<Property, Value> =
  Exclude<Property, null | undefined> extends Exclude<Value, null>
    ? null extends Value
      ? null extends Property
        ? unknown
        : { 'The column is nullable: add `| null` to the type of': never }
      : null extends Property
        ? { 'The column is not nullable: give it { nullable: true }, or take `null` from the type of': never }
        : unknown
    : { 'The type of the column does not fit that of': never }

/** A column that is also a property decorator. @since 0.2 */
export interface DecoratingColumn<Value, Optional extends boolean, Also = never, Role = ColumnRole>
  extends ColumnDefinition<Value, Optional, Also, Role> {
  <Owner extends object, Key extends keyof Owner & string>(target: Owner & Fits<Owner[Key], Value>, key: Key): void
}

/** The value of a column with these options. */
export type ColumnValue<T, Options> = Options extends { readonly nullable: true } ? T | null : T

/** Whether a column with these options may be left out of `create`. */
export type IsOptional<Options> = Options extends
  | { readonly nullable: true }
  | { readonly default: unknown }
  | { readonly serverDefault: string }
  | { readonly generated: true | 'increment' | 'uuid' }
  ? true
  : false

/** What values may do to a column with these options. */
export type RoleOf<Options> = Options extends { readonly generated: true | 'increment' | 'uuid' }
  ? 'generated'
  : Options extends { readonly primary: true }
    ? 'key'
    : 'plain'

/** What values may hold of a definition: more than it gives back, as a number for a `Numeric`. */
export type InputOf<Definition> = Definition extends { readonly [valueType]?: infer Value; readonly [alsoTaken]?: infer Also }
  ? Value | Also
  : never

/** The columns of a map that have one of these roles. */
export type ColumnsIn<Columns, Role extends ColumnRole> = {
  [K in keyof Columns]: Columns[K] extends { readonly [role]?: Role } ? K : never
}[keyof Columns]

/** The value type of a definition. */
export type ValueOf<Definition> = Definition extends { readonly [valueType]?: infer Value } ? Value : never

/** Whether `create` may leave out the column of a definition. */
export type OptionalOf<Definition> = Definition extends { readonly [isOptional]?: infer Optional } ? Optional : never

const columnOptions = {
  default: anything,
  collation: text,
  serverDefault: text,
  nullable: flag,
  unique: {
    takes: "true, false or 'live'",
    accepts: (value): value is boolean | 'live' => typeof value === 'boolean' || value === 'live',
  },
  index: flag,
  primary: flag,
  generated: {
    takes: "true, false, 'increment' or 'uuid'",
    accepts: (value): value is boolean | 'increment' | 'uuid' => typeof value === 'boolean' || value === 'increment' || value === 'uuid',
  },
  name: text,
  hidden: flag,
  min: anything,
  max: anything,
  ...limitOptions,
  check: {
    takes: 'a function, or a schema that speaks Standard Schema',
    accepts: (value): value is ColumnCheck<never, unknown> => typeof value === 'function' || isStandardSchema(value),
  },
} satisfies Record<keyof ColumnOptions<unknown>, Option<unknown>>

/** Columns that were defined on a class itself, by property. */
const columns = new WeakMap<object, Map<string, ColumnDefinition>>()

/** The columns that were defined on `target` itself, by property. */
export function ownColumns(target: object): Map<string, ColumnDefinition> {
  let own = columns.get(target)
  if (!own) columns.set(target, (own = new Map()))
  return own
}

/** Lets another form of a class have its columns. */
export function shareColumns(target: object, form: object): void {
  columns.set(form, ownColumns(target))
}

/** What the library writes into a column by itself. */
export type Stamp = 'createDate' | 'updateDate' | 'deleteDate' | 'version'

const stamps = new WeakMap<ColumnDefinition, Stamp>()

/** Marks a column as one that the library writes by itself. */
export function stamped<Definition extends ColumnDefinition>(definition: Definition, stamp: Stamp): Definition {
  stamps.set(definition, stamp)
  return definition
}

/** What the library writes into a column by itself, if it does. */
export function stampOf(definition: ColumnDefinition): Stamp | undefined {
  return stamps.get(definition)
}

/** Names of verbs and facts of a record, which no column or relation can have. */
const reservedNames = [
  'save',
  'update',
  'set',
  'delete',
  'restore',
  'reload',
  'load',
  'increment',
  'decrement',
  'attach',
  'detach',
  'sync',
  'toDict',
  'toJSON',
  'toString',
  'isNew',
  'isDirty',
  'changes',
  'etag',
  'wasCreated',
  'constructor',
] as const

/** A name that no column or relation can have: a record has a verb or a fact of it. */
export type ReservedName = (typeof reservedNames)[number]

const reserved: ReadonlySet<string> = new Set(reservedNames)

/** Whether no column or relation can have the name. */
export function isReserved(name: string): boolean {
  return reserved.has(name)
}

/** @throws {ModelDefinitionError} A record has a verb of that name. */
export function refuseReserved(model: string, property: string, what: 'column' | 'relation'): void {
  if (!isReserved(property)) return
  const remedy = what === 'column' ? `, with { name: '${property}' } for the column` : ''
  throw new ModelDefinitionError(model, `its ${what} ${property} has the name of a verb`, `Name the property otherwise${remedy}.`)
}

/** Whether `value` was made by `db.Column`. */
export function isColumn(value: unknown): value is ColumnDefinition {
  return typeof value === 'function' && 'type' in value && 'options' in value && !('related' in value)
}

/**
 * Notes what a decorator defines on the class of a prototype; that of a model is made known to its database, and one of plain TypeORM
 * is asked for it when its metadata are built.
 *
 * @throws {ModelDefinitionError} A record has a verb of that name.
 */
export function decorate(prototype: object, property: string, what: 'column' | 'relation', note: (owner: object) => void): void {
  const { constructor: owner } = prototype
  refuseReserved(owner.name, property, what)
  note(owner)
  if ('register' in owner && typeof owner.register === 'function') owner.register()
}

/**
 * Defines a column; `db.Column` is this function.
 *
 * @param type Data type: `db.String(25)`.
 * @throws {InvalidOptionError} An option is unknown or has a wrong value.
 * @example
 * class User extends db.Model {
 *   @db.Column(db.String(25)) declare name: string
 *   @db.Column(db.DateTime, { nullable: true }) declare lastAccess: DateTime | null
 * }
 */
export function column<T, Options extends ComputedOptions = Record<never, never>>(
  type: ComputedType<T>,
  options?: Options & ComputedOptions,
): DecoratingColumn<ColumnValue<T, Options>, true, never, 'generated'>
export function column<T, Options extends SomeOptions = Record<never, never>, Also = never>(
  type: GeneratingType<T, Also>,
  options?: Options & ColumnOptions<T | Also, T>,
): DecoratingColumn<ColumnValue<T, Options>, true, Also, RoleOf<Options>>
export function column<T, Options extends SomeOptions = Record<never, never>, Also = never>(
  type: ColumnType<T, Also>,
  options?: Options & ColumnOptions<T | Also, T>,
): DecoratingColumn<ColumnValue<T, Options>, IsOptional<Options>, Also, RoleOf<Options>>
export function column<T, Options extends SomeOptions = Record<never, never>, Also = never>(
  type: ColumnType<T, Also>,
  options?: Options,
): DecoratingColumn<ColumnValue<T, Options>, IsOptional<Options>, Also, RoleOf<Options>> {
  return defined(type, options)
}

/** A column with options that are read, whatever its type says of them. */
export function defined<Value, Optional extends boolean, Also, Role extends ColumnRole>(
  type: ColumnType<unknown>,
  options: unknown,
): DecoratingColumn<Value, Optional, Also, Role> {
  const given = check(type, options)
  const decorator = (target: object | undefined, key: unknown): void => {
    if (typeof key !== 'string' || !target) {
      throw new ModelDefinitionError(
        `with the column ${nameIn(key)}`,
        'its decorators are compiled in the standard way',
        'Set "experimentalDecorators": true in tsconfig.json, or use db.Model(name, columns).',
      )
    }
    decorate(target, key, 'column', (owner) => ownColumns(owner).set(key, definition))
  }
  const definition: DecoratingColumn<Value, Optional, Also, Role> = Object.assign(decorator, { type, options: given })
  return definition
}

/** A number that counts the saves of a row, from 1. */
const version: ColumnType<number> = { ...Integer, typeName: 'Version' }

/**
 * A column that counts the saves of its row, from 1, in the database itself: for `optimisticLock: 'version'`, and for `record.etag`.
 *
 * @example
 * class Note extends db.Model('Note', { text: db.Column(db.Text), version: db.Version() }, { optimisticLock: 'version' }) {}
 */
export function Version(): DecoratingColumn<number, true, never, 'generated'> {
  return stamped(defined(version, { default: 1 }), 'version')
}

/** The name in the context that a standard decorator gets. */
function nameIn(context: unknown): string {
  return typeof context === 'object' && context !== null && 'name' in context ? String(context.name) : 'of a decorator'
}

function isType(type: unknown): type is ColumnType<unknown> {
  return (typeof type === 'object' || typeof type === 'function') && type !== null && 'accept' in type
}

function check(type: unknown, given: unknown): ColumnOptions<unknown, never> {
  if (!isType(type)) throw new InvalidOptionError('Column(type)', 'a data type like db.String(25)', type)
  const options = readOptions(columnOptions, given ?? undefined, 'db.Column()')
  if (options.default !== undefined && options.serverDefault !== undefined) {
    throw new InvalidOptionError(
      'The options default and serverDefault of db.Column() exclude each other. Give either default or serverDefault.',
    )
  }
  const isGiven = [options.default, options.serverDefault, options.generated].some((each) => each !== undefined)
  if (isGiven && 'computed' in type) {
    throw new InvalidOptionError('A column that the database computes takes no default and is not generated. Leave the option out.')
  }
  return { ...options, ...readLimits(type, options) }
}
