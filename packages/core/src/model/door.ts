import { ModelDefinitionError } from '../errors.js'
import { isColumn, ownColumns, refuseReserved, shareColumns } from '../mapping/column.js'
import { isRelation } from '../mapping/relation.js'
import { addViewBase, isView } from '../mapping/view.js'
import { nearest } from '../nearest.js'
import { isObject } from '../options.js'
import type { BaseModel } from './base-model.js'
import type { Database } from './database.js'
import type { ColumnMap, ExtendingSettings, ModelDoor, ViewDoor, ViewSettings } from './definition.js'
import type { View } from './view.js'

/**
 * A base class of models that can also be called: `class User extends db.Model`, and `db.Model('User', columns)`.
 *
 * Between two classes there is only ever a class: behind a plain function each record would get a hidden class of its own, and
 * reading rows would cost many times as much.
 *
 * @param Class An empty subclass of `Model` or `BaseModel`, which becomes that of the database.
 */
export function door<Base extends typeof BaseModel>(db: Database, Class: Base): ModelDoor<Base> {
  const { name }: { readonly name: string } = Object.getPrototypeOf(Class)
  Object.defineProperties(Class, {
    db: {
      get(this: typeof BaseModel) {
        return db.ofModel(this)
      },
    },
    name: { value: name },
  })
  const callable = new Proxy(Class, {
    apply: (_class, _this, [name, columns, settings = {}]: [unknown, unknown, unknown?]) => defineModel(Class, name, columns, settings),
  })
  shareColumns(Class, callable)
  db.registry.addBase(Class, callable)
  // It is a class and a function at once, which no declaration of a value can say.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  return callable as ModelDoor<Base>
}

/** The same of views. @param Class An empty subclass of `View`, which becomes that of the database. */
export function viewDoor<Base extends typeof View>(db: Database, Class: Base): ViewDoor<Base> {
  addViewBase(Class)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it is called with says what a view needs
  return door(db, Class) as unknown as ViewDoor<Base>
}

/** Makes the class that the class of the application extends. */
function defineModel(Base: typeof BaseModel, name: unknown, columns: unknown, settings: unknown): typeof BaseModel {
  const definition = checkDefinition(name, columns, settings, isView(Base) ? [...settingNames, ...viewSettingNames] : settingNames)
  const Parent = parentOf(definition.name, Base, definition.parent)
  const Defined = class extends Parent {}
  Object.defineProperty(Defined, 'name', { value: definition.name })
  for (const [setting, value] of Object.entries(definition.settings)) {
    Object.defineProperty(Defined, setting, { value, writable: true, configurable: true })
  }
  for (const [property, column] of Object.entries(definition.columns)) ownColumns(Defined).set(property, column)
  Defined.db.registry.define(definition.name, Defined)
  return Defined
}

/** @throws {ModelDefinitionError} What a model shall extend is no class of the database that extends `Base`. */
function parentOf(name: string, Base: typeof BaseModel, parent: unknown): typeof BaseModel {
  if (parent === undefined) return Base
  const isClass = (value: unknown): value is typeof BaseModel => typeof value === 'function' && value.prototype instanceof Base
  if (isClass(parent)) return parent
  const door = `db.${Base.name}`
  throw new ModelDefinitionError(
    name,
    `what it extends is no class that extends ${door}`,
    `Give { extends: … } a class that extends ${door}.`,
  )
}

/** Names of `ModelSettings`. */
const settingNames: readonly string[] = [
  'extends',
  'abstract',
  'tableName',
  'bindKey',
  'primaryKey',
  'hidden',
  'fillable',
  'guarded',
  'optimisticLock',
  'check',
] satisfies (keyof ExtendingSettings<never>)[]

/** The same of views. */
const viewSettingNames: readonly string[] = ['as', 'materialized', 'dependsOn'] satisfies (keyof ViewSettings)[]

/** @throws {ModelDefinitionError} What is given is no name, no columns or no settings. */
function checkDefinition(
  name: unknown,
  columns: unknown,
  settings: unknown,
  names: readonly string[],
): { readonly name: string; readonly columns: ColumnMap; readonly settings: object; readonly parent: unknown } {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new ModelDefinitionError(String(name), 'its name is no text', "Write: db.Model('User', { … }).")
  }
  if (!isObject(columns)) throw new ModelDefinitionError(name, 'it has no columns', `Write: db.Model('${name}', { … }).`)
  const checked: Record<string, ColumnMap[string]> = {}
  for (const [property, definition] of Object.entries(columns)) {
    refuseReserved(name, property, 'column')
    if (isRelation(definition)) {
      const remedy = `Write in the body of the class: static relations = this.relate({ ${property}: … }).`
      throw new ModelDefinitionError(name, `${property} among its columns is a relation`, remedy)
    }
    if (!isColumn(definition)) {
      throw new ModelDefinitionError(name, `${property} is no column`, `Write: ${property}: db.Column(db.String(25)).`)
    }
    checked[property] = definition
  }
  const known = `Settings are ${names.join(', ')}.`
  if (!isObject(settings)) throw new ModelDefinitionError(name, 'its settings are no object', known)
  const unknown = Object.keys(settings).find((setting) => !names.includes(setting))
  if (unknown !== undefined) {
    const meant = nearest(unknown, names)
    throw new ModelDefinitionError(name, `it has no setting ${unknown}`, meant === undefined ? known : `Did you mean ${meant}? ${known}`)
  }
  const { extends: parent, ...statics }: { readonly extends?: unknown } = { ...settings }
  return { name, columns: checked, settings: statics, parent }
}
