import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { Pieces } from '../drivers/dialect.js'
import type { DatabaseDriver, LeasePurpose } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { ModelDefinitionError } from '../errors.js'
import type { Eventual } from '../eventual.js'
import {
  type BoundKey,
  cascadedFrom,
  isWatched,
  keepText,
  type Kept,
  keptBy,
  keptOn,
  lockRowsText,
  lockText,
  ownersText,
  ownersWith,
  readText,
  withinOwners,
} from '../plan/kept.js'
import { write } from '../plan/pieces.js'
import { plannedColumn } from '../plan/planned-column.js'

/** Owners whose keys one statement names, and owners that are looked at by their keys: of more, all are. */
const batch = 1_000
const most = 2_000
/** How far what is kept of what is kept goes up: a circle of records would go on for ever. */
const deepest = 100

/** What a statement gave back. */
interface Rows {
  readonly records: readonly ObjectLiteral[]
}

/** Sends statements in the transaction of the writes, and hears what became of the rows of a model. */
interface Sender {
  send(purpose: LeasePurpose, sql: string, values: readonly unknown[]): Eventual<Rows>
  /** Whether records of the model are there, which follow. */
  hasRecords(owner: EntityMetadata): boolean
  /** Rows of the model, by the names of their columns; `undefined` of all. */
  tell(owner: EntityMetadata, columns: readonly ColumnMetadata[], rows: readonly ObjectLiteral[] | undefined): void
}

/** Which rows of a model are written, and what becomes of them. */
export interface RowsWritten {
  /** The columns that are written; `undefined` where rows come or go. */
  readonly columns?: readonly ColumnMetadata[] | undefined
  /** The condition of rows that are there; `undefined` of new ones, `[]` of all. */
  readonly rows?: Pieces | undefined
  /** Keys of owners that they get, `undefined` where only the database knows. @default none */
  readonly to?: (kept: Kept) => readonly BoundKey[] | undefined
  /** Whether they are deleted for good, so that the database deletes others with them. @default false */
  readonly deletes?: boolean
  /** Whether the owners that they have got are looked up afterwards. @default false */
  readonly isFollowed?: boolean
}

/** What is kept of rows that are written. */
interface Touched {
  readonly kept: Kept
  /** The condition of the rows. */
  readonly rows: Pieces
  /** Whether they are those that are written, and not what goes with them. */
  readonly isOwn: boolean
}

/** Owners that are locked: by their keys as text; or all of them. */
type Owners = Map<string, BoundKey> | 'all'

/**
 * Keeps the columns that are aggregates of related records in step with writes of these, in their transaction.
 *
 * The owners are locked first, in the order of their keys: a writer that came between would otherwise be left out of the figure, and
 * two who had both written would wait for each other. Then the rows are written, and what is kept is made anew by the database.
 */
export class KeptColumns {
  readonly #driver: DatabaseDriver
  readonly #sender: Sender

  constructor(driver: DatabaseDriver, sender: Sender) {
    this.#driver = driver
    this.#sender = sender
  }

  /** Whether anything is kept of the rows of a model, or of what goes with them. */
  isOf(related: EntityMetadata): boolean {
    return keptBy(related).length > 0 || cascadedFrom(related).length > 0
  }

  /** Writes rows that are known by their keys; one that goes to another owner meanwhile is followed there. */
  around<T>(related: EntityMetadata, written: RowsWritten, work: () => Eventual<T>): Eventual<T> {
    if (!this.isOf(related)) return work()
    const touched = this.#touched(related, written)
    return touched.length === 0 ? work() : this.#around(related, touched, written, 0, work)
  }

  /** Writes rows that a condition names. @param work Gets what more it must say of them: others, that came meanwhile, are left alone. */
  aroundMany<T>(related: EntityMetadata, written: RowsWritten, work: (within: Pieces[]) => Eventual<T>): Eventual<T> {
    if (!this.isOf(related)) return work([])
    const touched = this.#touched(related, written)
    return touched.length === 0 ? work([]) : this.#aroundMany(related, touched, written, work)
  }

  /** Makes anew what is kept in owners. @param keys Gives their keys. */
  async keep(owner: EntityMetadata, keys: (kept: Kept) => readonly BoundKey[]): Promise<void> {
    for (const kept of keptOn(owner)) {
      const owners = given(kept, keys)
      await this.#lock(kept, owners)
      await this.#keep(kept, owners, 0)
    }
  }

  #touched(related: EntityMetadata, { columns, rows = [], deletes = false }: RowsWritten): readonly Touched[] {
    const own = keptBy(related).filter((kept) => !columns || columns.some((column) => isWatched(kept, column)))
    const touched: Touched[] = own.map((kept) => ({ kept, rows, isOwn: true }))
    return deletes
      ? [...touched, ...cascadedFrom(related).map((each) => ({ kept: each.kept, rows: each.rows(rows), isOwn: false }))]
      : touched
  }

  /** Rows with which others go are locked: one that came meanwhile would go unseen. */
  async #lockCascading(related: EntityMetadata, touched: readonly Touched[], rows: Pieces): Promise<void> {
    if (this.#driver.capabilities.rowLocks && touched.some(({ isOwn }) => !isOwn)) await this.#send('write', lockRowsText(related, rows))
  }

  async #around<T>(
    related: EntityMetadata,
    touched: readonly Touched[],
    { rows: own, to, isFollowed }: RowsWritten,
    depth: number,
    work: () => Eventual<T>,
  ): Promise<T> {
    const locked = new Map<Touched, Owners>()
    if (own) await this.#lockCascading(related, touched, own)
    for (const each of touched) {
      const { kept, rows, isOwn } = each
      const owners = isOwn ? given(kept, to) : new Map<string, BoundKey>()
      locked.set(each, owners)
      if (owners === 'all' || !own) {
        await this.#lock(kept, owners)
        continue
      }
      for (let isFirst = true; ; isFirst = false) {
        const found = await this.#owners(kept, rows)
        const missing = new Map([...found].filter(([text]) => !owners.has(text)))
        for (const [text, key] of missing) owners.set(text, key)
        if (missing.size === 0 && !isFirst) break
        await this.#lock(kept, isFirst ? owners : missing)
        // Nobody writes beside this one.
        if (!this.#driver.capabilities.rowLocks) break
      }
    }
    const result = await work()
    for (const [{ kept, rows }, owners] of locked) {
      if (isFollowed && own && owners !== 'all') {
        const moved = new Map([...(await this.#owners(kept, rows))].filter(([text]) => !owners.has(text)))
        await this.#lock(kept, moved)
        for (const [text, key] of moved) owners.set(text, key)
      }
      await this.#keep(kept, owners, depth)
    }
    return result
  }

  async #aroundMany<T>(
    related: EntityMetadata,
    touched: readonly Touched[],
    { rows: own = [], to }: RowsWritten,
    work: (within: Pieces[]) => Eventual<T>,
  ): Promise<T> {
    const locked = new Map<Kept, Owners>()
    const within: Pieces[] = []
    await this.#lockCascading(related, touched, own)
    for (const { kept, rows, isOwn } of touched) {
      let owners = isOwn ? given(kept, to) : new Map<string, BoundKey>()
      const found = owners === 'all' ? undefined : await this.#owners(kept, rows)
      if (!found || owners === 'all' || found.size + owners.size > most) owners = 'all'
      else {
        if (isOwn && this.#driver.capabilities.rowLocks) within.push(withinOwners(kept, [...found.values()]))
        for (const [text, key] of found) owners.set(text, key)
      }
      await this.#lock(kept, owners)
      locked.set(kept, owners)
    }
    const result = await work(within)
    for (const [kept, owners] of locked) await this.#keep(kept, owners, 0)
    return result
  }

  /** The owners that rows lead to. It begins the transaction, so that where one writes at a time no other does. */
  async #owners(kept: Kept, rows: Pieces): Promise<Map<string, BoundKey>> {
    const { records } = await this.#send('write', ownersText(kept, rows))
    return new Map(records.map((row) => keyIn(kept.foreignKey, row)))
  }

  async #lock(kept: Kept, owners: Owners): Promise<void> {
    if (!this.#driver.capabilities.rowLocks) return
    for (const keys of batches(owners)) await this.#send('write', lockText(kept, keys))
  }

  async #keep(kept: Kept, owners: Owners, depth: number): Promise<void> {
    const { owner, figures } = kept
    if (depth > deepest) {
      const names = figures.map(({ column }) => column.propertyName).join(', ')
      throw new ModelDefinitionError(owner.name, `what its ${names} is kept of leads back to itself`, 'Let no record be its own ancestor.')
    }
    const columns = figures.map(({ column }) => column)
    for (const keys of batches(owners)) {
      const rows = ownersWith(kept, keys)
      const above = this.#touched(owner, { columns, rows })
      const write = (): Promise<void> => this.#write(kept, keys, columns)
      await (above.length === 0 ? write() : this.#around(owner, above, { rows }, depth + 1, write))
    }
  }

  async #write(kept: Kept, keys: readonly BoundKey[] | undefined, figures: readonly ColumnMetadata[]): Promise<void> {
    const { owner } = kept
    const isHeard = this.#sender.hasRecords(owner)
    const { updateReturning } = this.#driver.capabilities
    const columns = [...owner.primaryColumns, ...figures]
    const { records } = await this.#send('write', keepText(kept, keys, isHeard && keys && updateReturning ? columns : []))
    if (!isHeard) return
    const read = async (): Promise<readonly ObjectLiteral[]> => {
      return keys && !updateReturning ? (await this.#send('write', readText(kept, keys, columns))).records : records
    }
    this.#sender.tell(owner, figures, keys && (await read()))
  }

  #send(purpose: LeasePurpose, pieces: Pieces): Eventual<Rows> {
    const { text, values } = write(pieces, this.#driver)
    return this.#sender.send(purpose, text, values)
  }
}

function given(kept: Kept, to: RowsWritten['to']): Owners {
  const keys = to ? to(kept) : []
  return keys ? new Map(keys.filter((key) => !key.includes(null)).map((key) => [textOf(key), key])) : 'all'
}

/** A key that was read from a row, with its text. */
function keyIn(columns: readonly ColumnMetadata[], row: ObjectLiteral): [text: string, key: BoundKey] {
  const key = columns.map((column, index) => {
    const { decode, encode } = plannedColumn(column)
    return encode(decode(row[`k${index}`]))
  })
  return [textOf(key), key]
}

function textOf(key: BoundKey): string {
  return JSON.stringify(key.map((value) => (typeof value === 'bigint' || typeof value === 'number' ? String(value) : value)))
}

/** Keys in one order, whatever that of the writes: two writers would wait for each other. */
function* batches(owners: Owners): Generator<readonly BoundKey[] | undefined, void, undefined> {
  if (owners === 'all') {
    yield undefined
    return
  }
  const sorted = [...owners].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, key]) => key)
  for (let start = 0; start < sorted.length; start += batch) yield sorted.slice(start, start + batch)
}
