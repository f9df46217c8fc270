import type { ObjectLiteral } from 'typeorm'

/** The lists of related records as they were loaded: they may be a part of what there is, by a limit or since some are deleted. */
const lists = new WeakMap<ObjectLiteral, Map<string, readonly unknown[]>>()

/** Notes a list that was loaded. */
export function noteList(record: ObjectLiteral, property: string, list: readonly unknown[]): void {
  const known = lists.get(record)
  if (known) known.set(property, [...list])
  else lists.set(record, new Map([[property, [...list]]]))
}

/** Whether a list holds what was loaded, and nothing else: then a save of its record has nothing to write of it. */
export function isAsLoaded(record: ObjectLiteral, property: string): boolean {
  const loaded = lists.get(record)?.get(property)
  const now: unknown = record[property]
  return loaded !== undefined && Array.isArray(now) && now.length === loaded.length && now.every((each) => loaded.includes(each))
}
