import type { EntityMetadata } from 'typeorm'
import { UniqueError } from '../drivers/database-error.js'
import { InvalidFilterError, InvalidValueError, UnsupportedError } from '../errors.js'
import { flag, isObject, type Option, readOptions } from '../options.js'
import { placeOf, Upsert } from '../query/upsert.js'
import { TakenError } from '../session/record-writer.js'
import type { Session } from '../session/session.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { type AssignOptions, refuseChange } from '../plan/assignment.js'
import type { UpsertOptions } from './definition.js'

const names: Option<readonly string[]> = {
  takes: 'a list of names of columns',
  accepts: (value): value is readonly string[] => Array.isArray(value) && value.every((name) => typeof name === 'string'),
}
const upsertOptions = { on: names, update: names, unguarded: flag }

/** A model whose records are found or made. */
export interface Finder<T extends object> {
  readonly dataSource: AlchemyDataSource
  readonly metadata: EntityMetadata
  /** A new record. @throws {UnknownColumnError} @throws {ProtectedColumnError} @throws {InvalidValueError} As `create` does. */
  make(values: object, options: AssignOptions | undefined): T
  /** The first record that has these values. @param isLocked Until the transaction ends. @throws {InvalidFilterError} There are no values. */
  first(where: object, isLocked: boolean): Promise<T | null>
  /** As the verb of the record does it, the application's own too. */
  save(record: T): Promise<void>
  /** The same. */
  update(record: T, values: object, options: AssignOptions | undefined): Promise<void>
  inSession<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
}

/** Records whose row the last verb that gave them has inserted. */
const created = new WeakSet<object>()

/** Whether the last `firstOrCreate` or `updateOrCreate` that gave `record` has inserted its row. */
export function wasCreated(record: object): boolean {
  return created.has(record)
}

/** The first record that has these values, or a new one with them. */
export async function firstOrCreate<T extends object>(
  finder: Finder<T>,
  where: object,
  values: object | undefined,
  options: AssignOptions | undefined,
): Promise<T> {
  const draft = drafted(finder, where, values, options)
  return findOrInsert(finder, draft, where, () => finder.first(where, false))
}

/** The first record that has these values, with others set; or a new one with all of them. */
export async function updateOrCreate<T extends object>(
  finder: Finder<T>,
  where: object,
  values: object,
  options: AssignOptions | undefined,
): Promise<T> {
  const draft = drafted(finder, where, values, options)
  refuseChanges(finder, Object.keys(values), options)
  return findOrInsert(finder, draft, where, async () => {
    // Who else would change it waits.
    const record = await finder.first(where, true)
    if (record) await finder.update(record, values, options)
    return record
  })
}

/** Inserts rows, or changes those that are there. */
export async function upsertMany<T extends object>(finder: Finder<T>, rows: readonly object[], options: UpsertOptions): Promise<T[]> {
  const { on = [], update, ...trust } = readOptions(upsertOptions, options, 'upsertMany()')
  const { dataSource, metadata } = finder
  if (metadata.inheritancePattern || metadata.tableType !== 'regular') {
    throw new UnsupportedError(`${metadata.name}.upsertMany()`, 'Its table is shared with other models, or is none: use updateOrCreate().')
  }
  const upsert = new Upsert<T>(dataSource, metadata, on, update)
  refuseChanges(finder, update ?? [], trust)
  if (!Array.isArray(rows)) throw new InvalidValueError(metadata.name, '*', 'takes a list of objects of values by column')
  const drafts = rows.map((values: object) => ({ record: finder.make(values, trust), given: Object.keys(given(values)) }))
  for (const name of new Set(drafts.flatMap((draft) => draft.given))) {
    const relation = metadata.relations.find(({ propertyName }) => propertyName === name)
    if (relation?.joinColumns.length === 0) {
      throw new InvalidValueError(metadata.name, name, 'is kept in another table, and cannot be set in bulk')
    }
  }
  return finder.inSession((session) => upsert.write(drafts, session))
}

/** What is made if nothing is found. It is made first: what is wrong with the values is told in either case. */
function drafted<T extends object>(finder: Finder<T>, where: object, values: object | undefined, options: AssignOptions | undefined): T {
  if (!isPlain(where)) {
    throw new InvalidFilterError(finder.metadata.name, 'that', 'it is no object of values by column', 'Give the values to look for.')
  }
  return finder.make({ ...where, ...given(values) }, options)
}

/**
 * Finds, or inserts, or finds what another has inserted meanwhile.
 *
 * Whatever of it fails, the session goes on. Outside any scope each step is a transaction of its own.
 */
async function findOrInsert<T extends object>(finder: Finder<T>, draft: T, where: object, find: () => Promise<T | null>): Promise<T> {
  let found = await finder.inSession(find)
  // Who was there first may have inserted it by now.
  found ??= await finder.inSession(async (session) =>
    (await session.lineUp([placeOf(finder.metadata, draft, Object.keys(where))])) ? find() : null,
  )
  if (!found && !(await isInserted(finder, draft))) {
    found = await finder.inSession(find)
    // What has the value is not what was looked for: it is deleted, or has it in another column. The database says which.
    if (!found) await finder.inSession((session) => session.records.whole(() => finder.save(draft)))
  }
  if (found) created.delete(found)
  else created.add(draft)
  return found ?? draft
}

async function isInserted<T extends object>(finder: Finder<T>, draft: T): Promise<boolean> {
  try {
    await finder.inSession((session) => session.records.insertUnlessTaken(draft, () => finder.save(draft)))
    return true
  } catch (error) {
    if (error instanceof TakenError || error instanceof UniqueError) return false
    throw error
  }
}

function refuseChanges<T extends object>({ metadata }: Finder<T>, names: readonly string[], options: AssignOptions = {}): void {
  for (const name of names) refuseChange(metadata, name, options)
}

/** Conditions are no values that a new record could have. */
function isPlain(where: unknown): boolean {
  if (!isObject(where)) return false
  const prototype: unknown = Object.getPrototypeOf(where)
  return prototype === Object.prototype || prototype === null
}

/** `undefined` stands for a value that was not given, and hides none. */
function given(values: object | undefined): object {
  return values === undefined ? {} : Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
