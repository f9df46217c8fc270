import { type DataSource, type DataSourceOptions, getMetadataArgsStorage } from 'typeorm'
import { UnsupportedError } from '../errors.js'
import type { AlchemyDataSource } from './data-source.js'

/**
 * Lets a data source of an application, and whatever was taken from it before, do all that it does through ours.
 *
 * Repositories, active records, builders and custom repositories lead to their data source or its manager; so every member of these
 * two objects, and of nothing else, is made to be that of ours. Connections that it had are ended.
 *
 * @param given Made by the application, connected or not.
 * @throws {UnsupportedError} It is one of SQLite, which has one connection for all.
 */
export function adopt(given: DataSource, own: AlchemyDataSource): void {
  if (own.driver.capabilities.singleWriter) {
    throw new UnsupportedError(
      'ActiveAlchemy.from(dataSource) on SQLite',
      'Its one connection is shared by all that has been taken from it: write ActiveAlchemy.from(options), and take db.dataSource.',
    )
  }
  const { driver, isInitialized, manager, subscribers, queryResultCache } = given
  if (isInitialized) Object.assign(own, { subscribers: [...subscribers] })
  redirect(given, own)
  redirect(manager, own.manager)
  define(given, 'manager', { get: () => manager })
  define(given, 'initialize', { value: () => own.initialize().then(() => given) })
  if (!isInitialized) return
  // Of one that was connected they are there at once.
  own.buildMetadata()
  // What is still under way on them may end; nobody waits for it. The next use connects again, if this fails.
  for (const each of [driver.disconnect(), queryResultCache?.disconnect(), own.ready()]) each?.catch(() => undefined)
}

/** The options of a data source; what it has found in files already is given as classes. */
export function optionsOf(given: DataSource): DataSourceOptions {
  const { options, isInitialized, entityMetadatas } = given
  const entities: unknown[] = Object.values(options.entities ?? {})
  if (!isInitialized || !entities.some((each) => typeof each === 'string')) return options
  const decorated = new Set<unknown>(getMetadataArgsStorage().tables.map(({ target }) => target))
  const found = entityMetadatas
    .filter(({ isJunction, tableType }) => !isJunction && tableType !== 'closure-junction')
    .map(({ target }) => target)
  // A schema cannot be told from what was built of it: then the files are imported as it connects again.
  if (!found.every((target) => decorated.has(target))) return options
  return Object.assign({ ...options }, { entities: [...entities.filter((each) => typeof each !== 'string'), ...found] })
}

/** Makes every member of `subject` that of `target`: its fields, methods and accessors. */
function redirect(subject: object, target: object): void {
  const done = new Set<PropertyKey>(['constructor', '@instanceof'])
  for (let each: object | null = target; each !== null && each !== Object.prototype; each = Reflect.getPrototypeOf(each)) {
    for (const key of Reflect.ownKeys(each)) {
      if (done.has(key)) continue
      done.add(key)
      const value: unknown = Object.getOwnPropertyDescriptor(each, key)?.value
      const isMethod = typeof value === 'function' && each !== target
      define(
        subject,
        key,
        isMethod
          ? { value: (...parameters: unknown[]): unknown => call(target, key, parameters) }
          : { get: (): unknown => Reflect.get(target, key), set: (present: unknown) => void Reflect.set(target, key, present) },
      )
    }
  }
}

function call(target: object, key: PropertyKey, parameters: unknown[]): unknown {
  const method: unknown = Reflect.get(target, key)
  if (typeof method !== 'function') throw new TypeError(`${String(key)} is no method`)
  return Reflect.apply(method, target, parameters)
}

/** Its options hold secrets: nothing of it is shown. */
function define(subject: object, key: PropertyKey, member: PropertyDescriptor): void {
  Object.defineProperty(subject, key, { ...member, configurable: true, enumerable: false })
}
