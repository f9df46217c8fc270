import type { DateTime } from 'luxon'
import type { ModelCheck } from '../mapping/check.js'
import type { ColumnDefinition, ColumnsIn, InputOf, OptionalOf, ReservedName, ValueOf } from '../mapping/column.js'
import type { ModelClass } from '../mapping/model-class.js'
import type { ViewExpression } from '../mapping/view.js'
import type { SchemaProperties } from '../mapping/standard-schema.js'
import type { DeletionProperty } from '../plan/deletion.js'
import type { OptimisticLock } from '../plan/optimistic-lock.js'
import type { ColumnName, ForeignKeys, Linked, ListKey, Target } from '../query/columns.js'
import type { Path } from '../query/query.js'
import type { WrittenFor } from '../types/column-type.js'
import type { AssignOptions } from '../plan/assignment.js'

/** Columns by property, as `db.Model(name, columns)` takes them. @since 0.1 */
export type ColumnMap = Readonly<Record<string, ColumnDefinition>>

/** @internal Where a model class carries the columns that it was made from; only for the type. */
export declare const columnsOf: unique symbol

/** @internal Where a record carries the columns that its model was made from; only for the type. */
export declare const fieldsOf: unique symbol

/** The properties that columns give to a record. @since 0.1 */
export type Fields<Columns> = { -readonly [K in keyof Columns]: ValueOf<Columns[K]> }

/** The same, and what is known of the columns beside their values. */
type TypedFields<Columns> = Fields<Columns> & { readonly [fieldsOf]?: Columns }

/** The columns that a record's model was made from; none are known of a decorated class. */
type FieldsOf<T> = T extends { readonly [fieldsOf]?: infer Columns } ? Columns : unknown

type RequiredKeys<Columns> = { [K in keyof Columns]: OptionalOf<Columns[K]> extends true ? never : K }[keyof Columns]

/** Values of a new record: those of columns without a default must be given, and generated ones may not. @since 0.1 */
export type NewValues<Columns> = { [K in RequiredKeys<Columns>]: InputOf<Columns[K]> } & {
  [K in Exclude<ColumnsIn<Columns, 'plain' | 'key'>, RequiredKeys<Columns>>]?: InputOf<Columns[K]>
}

/** What the library writes into every row of `db.Model`. */
type WrittenKeys = 'id' | 'createdAt' | 'updatedAt' | DeletionProperty

/** Facts of a record that are no columns. */
type FactKeys = 'isNew' | 'isDirty' | 'changes' | 'etag' | 'wasCreated'

/** What a record of `db.Model` has. */
interface Stamped {
  readonly id: unknown
  readonly createdAt: unknown
  readonly updatedAt: unknown
  readonly isDeleted: unknown
  readonly deletedAt: unknown
}

/** Properties of a record that values may set: no methods, no facts, and nothing that the library writes. */
type SettableKeys<T> = Exclude<ColumnName<T>, FactKeys | (T extends Stamped ? WrittenKeys : never)>

/** @internal Where a record says what its verbs take; only for the type. */
export declare const taken: unique symbol

/** What the verbs of a record take. */
export interface Taken<T> {
  /** Values of `update` and `set`: no key, no stamp, no method. */
  readonly values: { [K in Exclude<SettableKeys<T>, ColumnsIn<FieldsOf<T>, 'key' | 'generated'>>]?: InputOfKey<T, K> }
  /** Values that no client chose: those of every column. */
  readonly trusted: TrustedValues<T>
  /** Names of relations, and of theirs. */
  readonly paths: { [K in Path<T>]: unknown }
  /** What `attach` takes, by the relations that lead to many. */
  readonly lists: { [K in ListKey<T>]: Linked<Target<T[K]>> }
  /** Columns that hold numbers. A decimal one is a text in a decorated class, which its type does not tell from others. */
  readonly numbers: { [K in NumberKeys<T>]: unknown }
}

/** What a property takes of which only the type is known: more than it gives back. */
type Widened<Value> =
  | Value
  | (Extract<Value, DateTime> extends never ? never : Date | string)
  | (Extract<Value, bigint> extends never ? never : number)
  | WrittenFor<Value>

/** Values of a column by its definition, where the model was made from it, else by the property of the class. */
type InputOfKey<T, K extends keyof T> = K extends keyof FieldsOf<T> ? InputOf<FieldsOf<T>[K]> : Widened<T[K]>

type TrustedValues<T> = { [K in Exclude<ColumnName<T>, FactKeys>]?: InputOfKey<T, K> } & Partial<ForeignKeys<T>>

/**
 * What `Model.create` takes: typed by the columns, where the model was made from them; relations are optional.
 *
 * @typeParam Trust `'trusted'` for values that no client chose: those of every column.
 * @since 0.1
 */
export type CreateValues<M extends ModelClass, Trust extends 'trusted' | 'guarded' = 'guarded'> = M extends {
  readonly [columnsOf]: infer Columns
}
  ? NewValues<Columns> & OtherValues<InstanceType<M>, keyof Columns, Trust>
  : OtherValues<InstanceType<M>, never, Trust>

/**
 * Values by which a record is looked for, and which it gets if there is none: those of columns, and of nothing else.
 *
 * @since 0.2
 */
export type WhereValues<M extends ModelClass, Where, Trust extends 'trusted' | 'guarded' = 'guarded'> = Where & {
  readonly [K in Exclude<keyof Where, keyof CreateValues<M, Trust>>]: never
}

/** What a new record needs beside the values by which it was looked for. @since 0.2 */
export type OtherCreateValues<M extends ModelClass, Where, Trust extends 'trusted' | 'guarded' = 'guarded'> = Partial<
  CreateValues<M, Trust>
> &
  Omit<CreateValues<M, Trust>, keyof Where>

/** How `upsertMany` finds and changes rows. @since 0.2 */
export interface UpsertOptions<Name extends string = string> extends AssignOptions {
  /** The columns of a unique key, or of the primary one: a row that has the same values in them is changed. */
  readonly on: readonly [Name, ...Name[]]
  /** What such a row takes; with `[]` it stays as it is. @default every column that its values give, but those of keys */
  readonly update?: readonly Name[]
}

/** Values of what a model has beside its columns. */
type OtherValues<T, Columns, Trust> = Trust extends 'trusted'
  ? TrustedValues<T>
  : { [K in Exclude<SettableKeys<T>, Columns>]?: Widened<T[K]> }

type NumberKeys<T> = {
  [K in SettableKeys<T>]: K extends keyof FieldsOf<T>
    ? K extends ColumnsIn<FieldsOf<T>, 'plain'>
      ? HoldsNumbers<InputOf<FieldsOf<T>[K]>> extends true
        ? K
        : never
      : never
    : Exclude<T[K], null | undefined> extends number | bigint | string
      ? K
      : never
}[SettableKeys<T>]

/** Numbers, and not whatever JSON can say. */
type HoldsNumbers<Value> = number extends Value ? (boolean extends Value ? false : true) : false

/** The columns that a class was made from; those of a decorated class are its own affair. */
type ColumnsOf<M> = M extends { readonly [columnsOf]: infer Columns } ? Columns : unknown

/**
 * Settings of a model, the same as its statics.
 *
 * @typeParam Name Names of its columns. @typeParam T Its records.
 * @since 0.1
 */
export interface ModelSettings<Name extends string = string, T = never> {
  /** Whether the class is only there to be extended, and has no table. @default false */
  readonly abstract?: boolean
  /** Table in the database. @default made from the name: `TodoList` → `todo_list` */
  readonly tableName?: string
  /** The database among the `binds` of `db` that has its table; what extends it has it too. @default `db` itself @since 0.2 */
  readonly bindKey?: string
  /** Names of the key's columns, for those that are not defined with `primary`. */
  readonly primaryKey?: string | readonly string[]
  /** Columns that `toDict()` and `toJSON()` leave out. */
  readonly hidden?: readonly Name[]
  /** The only columns that values may set. */
  readonly fillable?: readonly Name[]
  /** Columns that values may not set. */
  readonly guarded?: readonly Name[]
  /** How a write notices that another has changed the row meanwhile. @default 'off': the last one wins */
  readonly optimisticLock?: OptimisticLock
  /** Looks at a whole record before it is written, for what no column says alone. @default none @since 0.2 */
  readonly check?: ModelCheck<T>
}

/** Settings of a model that has the columns and the methods of another class too. @since 0.2 */
export interface ExtendingSettings<Parent extends ModelClass, Name extends string = string, T = never> extends ModelSettings<Name, T> {
  /** The class to extend; it extends `db.Model`, or `db.BaseModel`, itself. */
  readonly extends: Parent
}

/** Settings of a view, the same as its statics. @since 0.2 */
export interface ViewSettings<Name extends string = string>
  extends Pick<ModelSettings<Name>, 'tableName' | 'bindKey' | 'primaryKey' | 'hidden'> {
  /** Its SELECT, which names the columns as they are in the database: a text, or a function that gives TypeORM's builder of it. */
  readonly as: ViewExpression
  /** Whether the database keeps its rows, until `refresh`; where it cannot, it is a plain view. @default false */
  readonly materialized?: boolean
  /** Views that it reads from, which are made before it. @default none */
  readonly dependsOn?: readonly ModelClass[]
}

/** What counts related records; a model that has a column `count` has it not. @since 0.2 */
export interface CountsRelated {
  /**
   * How many records a to-many relation leads to; deleted ones are none.
   *
   * In a class with decorated columns say `declare count: CountsRelated['count']`, where it has no column of that name.
   *
   * @throws {InvalidFilterError} It is no relation that leads to many. Status 400.
   * @since 0.2
   * @example
   * await post.count('tags')
   */
  count<T extends { readonly [taken]: { readonly lists: object } }>(
    this: T,
    relation: keyof T[typeof taken]['lists'] & string,
  ): Promise<number>
}

/** A record of a model with these columns. */
type RecordOf<Base extends ModelClass, Columns> = InstanceType<Base> &
  TypedFields<Columns> &
  ('count' extends keyof Columns ? unknown : CountsRelated)

/** The base class that `db.Model(name, columns)` makes: `Base` with the columns. @since 0.1 */
export type TypedModel<Base extends ModelClass, Columns extends ColumnMap> = Omit<Base, 'prototype' | '~standard' | typeof columnsOf> & {
  readonly prototype: RecordOf<Base, Columns>
  readonly '~standard': SchemaProperties<NewValues<ColumnsOf<Base> & Columns>>
  readonly [columnsOf]: ColumnsOf<Base> & Columns
  new (values?: NewValues<ColumnsOf<Base> & Columns>): RecordOf<Base, Columns>
}

/** No column has the name of a verb. */
type WithoutVerbs = { readonly [Name in Exclude<ReservedName, 'constructor' | 'toString'>]?: never }

/** Names that settings may say of a class with these columns. */
type NamesOf<Base extends ModelClass, Columns> = (keyof Columns & string) | ColumnName<InstanceType<Base>>

/** `db.Model` and `db.BaseModel`: a base class, and a function that makes one from columns. @since 0.2 */
export type ModelDoor<Base extends ModelClass> = Base & {
  /**
   * Makes the base class of a model.
   *
   * @param name Name of the model; its table is made from it, whatever a bundler does to the class.
   * @param columns Columns by property.
   * @param settings The same as the statics of the class, and `extends`: a class whose columns and methods it has too.
   * @throws {ModelDefinitionError} It cannot be a model; the message says why.
   * @example
   * class Animal extends db.Model('Animal', { name: db.Column(db.String(25)) }, { abstract: true }) {
   *   hello() {
   *     return `I am ${this.name}`
   *   }
   * }
   * class Goose extends db.Model('Goose', { wings: db.Column(db.Integer) }, { extends: Animal }) {}
   */
  <const Columns extends ColumnMap & WithoutVerbs, Parent extends ModelClass<InstanceType<Base>>>(
    name: string,
    columns: Columns,
    settings: ExtendingSettings<Parent, NamesOf<Parent, Columns>, InstanceType<Parent> & Fields<Columns>>,
  ): TypedModel<Parent, Columns>
  <const Columns extends ColumnMap & WithoutVerbs>(
    name: string,
    columns: Columns,
    settings?: ModelSettings<NamesOf<Base, Columns>, InstanceType<Base> & Fields<Columns>>,
  ): TypedModel<Base, Columns>
}

/** `db.View`: a base class, and a function that makes one from columns. @since 0.2 */
export type ViewDoor<Base extends ModelClass> = Base & {
  /**
   * Makes the base class of a view.
   *
   * @param name Name of the model; that of the view is made from it.
   * @param columns Columns by property; one at least is its key: `{ primary: true }`.
   * @param settings Its SELECT, and the same as the statics of the class.
   * @throws {ModelDefinitionError} It cannot be a view; the message says why.
   */
  <const Columns extends ColumnMap & WithoutVerbs>(
    name: string,
    columns: Columns,
    settings: ViewSettings<NamesOf<Base, Columns>>,
  ): TypedModel<Base, Columns>
}
