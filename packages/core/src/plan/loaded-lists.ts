import type { ObjectLiteral } from 'typeorm'
import { hiddenField } from './hidden-field.js'

/** The lists of related records as they were loaded: they may be a part of what there is, by a limit or since some are deleted. */
const lists = hiddenField<Map<string, readonly unknown[]>>()

/** Notes a list that was loaded. */
export function noteList(record: ObjectLiteral, property: string, list: readonly unknown[]): void {
  const known = lists.get(record)
  if (known) known.set(property, [...list])
  else lists.set(record, new Map([[property, [...list]]]))
}

/** Whether a list holds what was loaded, in any order, and nothing else: then a save of its record has nothing to write of it. */
export function isAsLoaded(record: ObjectLiteral, property: string): boolean {
  const loaded = lists.get(record)?.get(property)
  const now: unknown = record[property]
  if (!loaded || !Array.isArray(now) || now.length !== loaded.length) return false
  if (loaded.every((each, index) => each === now[index])) return true
  const rest = new Set<unknown>(loaded)
  return now.every((each) => rest.delete(each))
}
