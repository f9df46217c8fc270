import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { PreconditionFailedError } from '../errors.js'
import { recordState, rowValue, setRecordState, type Snapshot } from './record-state.js'

/** The column that tells one state of a row from the next: its version, else the time of its last change, if it has one. */
export function stateColumn({ versionColumn, updateDateColumn }: EntityMetadata): ColumnMetadata | undefined {
  return versionColumn ?? updateDateColumn
}

/**
 * The entity tag of a row, by RFC 9110: `"note-7-3"` by its version. Without one `W/"note-7-1767225600000"` by the time of its last
 * change, which is weak: two changes within a millisecond have the same.
 *
 * @returns `undefined` where nothing of that is known.
 */
export function etagOf(metadata: EntityMetadata, row: Snapshot): string | undefined {
  const column = stateColumn(metadata)
  const state: unknown = column && rowValue(row, column)
  if (column === undefined || state === undefined || state === null) return undefined
  const key = keyTexts(metadata, row).map(encodeURIComponent).join(',')
  const tag = `"${encodeURIComponent(metadata.tableName)}-${key}-${Number(state)}"`
  return column.isVersion ? tag : `W/${tag}`
}

/** One element of a list of tags, which may be empty, and the comma or the end behind it. */
const element = /[ \t]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")?[ \t]*(?:,|$)/y

/**
 * Whether a header `If-Match` names a row's tag: `*` names every one.
 *
 * Tags are compared as they are written. So a weak one matches itself, where RFC 9110 lets it match nothing: a model without a version
 * has none better.
 */
export function matches(header: string, tag: string | undefined): boolean {
  if (header.trim() === '*') return true
  const tags: (string | undefined)[] = []
  for (element.lastIndex = 0; element.lastIndex < header.length; ) {
    const found = element.exec(header)
    // What has another form names nothing.
    if (!found) return false
    tags.push(found[1])
  }
  return tag !== undefined && tags.includes(tag)
}

/**
 * Holds a record that was read against the header `If-Match` of who asked for it: now, and when it is next written.
 *
 * @throws {PreconditionFailedError} Its row is in another state.
 */
export function requireMatch(metadata: EntityMetadata, record: object, ifMatch: string): void {
  const state = recordState(record)
  const row = state.snapshot
  if (!row || !matches(ifMatch, etagOf(metadata, row))) {
    throw new PreconditionFailedError(metadata.name, row && keyTexts(metadata, row).join())
  }
  setRecordState(record, { ...state, ifMatch })
}

function keyTexts({ primaryColumns }: EntityMetadata, row: Snapshot): string[] {
  return primaryColumns.map((column) => String(rowValue(row, column)))
}
