import type { ColumnName } from '../query/query.js'
import type { ColumnDefinition, OptionalOf, ValueOf } from './column.js'

/** Columns by property, as `db.Model(name, columns)` takes them. */
export type ColumnMap = Readonly<Record<string, ColumnDefinition>>

/** @internal Where a model class carries the columns that it was made from; only for the type. */
export declare const columnsOf: unique symbol

/** A class of models. Its constructor's parameters are nobody's business here, which `never[]` says. */
export type ModelClass<T extends object = object> = abstract new (...values: never[]) => T

/** The properties that columns give to a record. */
export type Fields<Columns> = { -readonly [K in keyof Columns]: ValueOf<Columns[K]> }

type RequiredKeys<Columns> = { [K in keyof Columns]: OptionalOf<Columns[K]> extends true ? never : K }[keyof Columns]

/** Values of a new record: those of columns without a default must be given. */
export type NewValues<Columns> = { [K in RequiredKeys<Columns>]: ValueOf<Columns[K]> } & {
  [K in Exclude<keyof Columns, RequiredKeys<Columns>>]?: ValueOf<Columns[K]>
}

/** Properties of a record that values may set: no methods, and nothing that the library writes. */
type SettableKeys<T> = Exclude<ColumnName<T>, 'createdAt' | 'updatedAt' | 'isDeleted' | 'deletedAt' | 'isNew' | 'isDirty' | 'changes'>

/** What `Model.create` takes: typed by the columns, where the model was made from them; relations are optional. */
export type CreateValues<M extends ModelClass> = M extends { readonly [columnsOf]: infer Columns }
  ? NewValues<Columns> & { [K in Exclude<SettableKeys<InstanceType<M>>, keyof Columns>]?: InstanceType<M>[K] }
  : { [K in SettableKeys<InstanceType<M>>]?: InstanceType<M>[K] }

/** The columns that a class was made from; those of a decorated class are its own affair. */
type ColumnsOf<M> = M extends { readonly [columnsOf]: infer Columns } ? Columns : unknown

/** Settings of a model, the same as its statics. */
export interface ModelSettings {
  /** Whether the class is only there to be extended, and has no table. @default false */
  readonly abstract?: boolean
  /** Table in the database. @default made from the name: `TodoList` → `todo_list` */
  readonly tableName?: string
  /** Names of the key's columns, for those that are not defined with `primary`. */
  readonly primaryKey?: string | readonly string[]
  /** Columns that `toDict()` and `toJSON()` leave out. */
  readonly hidden?: readonly string[]
  /** The only columns that values may set. */
  readonly fillable?: readonly string[]
  /** Columns that values may not set. */
  readonly guarded?: readonly string[]
}

/** Settings of a model that has the columns and the methods of another class too. */
export interface ExtendingSettings<Parent extends ModelClass> extends ModelSettings {
  /** The class to extend; it extends `db.Model`, or `db.BaseModel`, itself. */
  readonly extends: Parent
}

/** The base class that `db.Model(name, columns)` makes: `Base` with the columns. */
export type TypedModel<Base extends ModelClass, Columns extends ColumnMap> = Omit<Base, 'prototype' | typeof columnsOf> & {
  readonly prototype: InstanceType<Base> & Fields<Columns>
  readonly [columnsOf]: ColumnsOf<Base> & Columns
  new (values?: NewValues<ColumnsOf<Base> & Columns>): InstanceType<Base> & Fields<Columns>
}

/** `db.Model` and `db.BaseModel`: a base class, and a function that makes one from columns. */
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
  <const Columns extends ColumnMap>(name: string, columns: Columns, settings?: ModelSettings): TypedModel<Base, Columns>
  <const Columns extends ColumnMap, Parent extends ModelClass<InstanceType<Base>>>(
    name: string,
    columns: Columns,
    settings: ExtendingSettings<Parent>,
  ): TypedModel<Parent, Columns>
}
