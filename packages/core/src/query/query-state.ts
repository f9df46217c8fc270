import type { EntityMetadata } from 'typeorm'
import type { NullsOrder, Pieces } from '../drivers/dialect.js'
import { isHidden } from '../mapping/mapped-column.js'
import { write } from '../plan/pieces.js'
import type { Scope } from '../scope/scope.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { Source } from './columns.js'
import { From, live, ofKind, select, type Select } from './compile.js'
import { columnTerm, sortable, type Term } from './expression.js'

/** Which rows of a model that deletes softly are seen. */
export type Visibility = 'live' | 'all' | 'deleted'

/** How rows are locked until the transaction ends. @since 0.1 */
export interface LockOptions {
  /** Leave out rows that others have locked. @default false */
  readonly skipLocked?: boolean
  /** Fail at once when others have locked a row. @default false */
  readonly noWait?: boolean
}

/** A result that was asked for by name. */
export interface Selected extends Term {
  readonly name: string
  /** Whether it is of one row: no function over many is in it. */
  readonly isOfRow: boolean
  /** Whether a hidden column is in it. */
  readonly isHidden: boolean
}

/** A term of the order. */
export interface Order {
  /** What stands in ORDER BY. */
  readonly pieces: Pieces
  readonly direction: 'ASC' | 'DESC'
  readonly nulls: NullsOrder | undefined
  /** The values that are sorted. */
  readonly term: Term
  /** Whether a hidden column is in it. */
  readonly isHidden: boolean
}

/** A relation that is to be loaded with the records. */
export interface Loading {
  /** What is asked of the other end; `undefined` for all of it. */
  state: QueryState<object> | undefined
  /** Relations of the related records, by their names. */
  readonly further: Map<string, Loading>
}

/** What is to be loaded, by the names of relations. */
export type Loadings = Map<string, Loading>

/**
 * What a query asks, as data; `Query` builds it, and reading and writing start from it.
 *
 * @typeParam R What it gives: records, or rows of what was chosen.
 */
export class QueryState<R = unknown> {
  /** Only for the type. */
  declare readonly gives?: R
  readonly dataSource: AlchemyDataSource
  readonly metadata: EntityMetadata
  from: From
  /** The scope in which it is sent. @default the current one */
  scope: Scope | undefined
  visibility: Visibility = 'live'
  conditions: Pieces[] = []
  /** Named results; `undefined` for records. */
  selection: readonly Selected[] | undefined
  groups: Pieces[] = []
  having: Pieces[] = []
  orders: Order[] = []
  distinct = false
  limit: number | undefined
  offset: number | undefined
  lock: LockOptions | undefined
  loading: Loadings = new Map()

  constructor(dataSource: AlchemyDataSource, metadata: EntityMetadata) {
    this.dataSource = dataSource
    this.metadata = metadata
    this.from = new From(dataSource, metadata, undefined, new Source(metadata))
  }

  /** A copy that goes its own way. */
  clone(): QueryState<R> {
    const copy = new QueryState<R>(this.dataSource, this.metadata)
    return Object.assign(copy, this, {
      from: this.from.clone(),
      conditions: [...this.conditions],
      groups: [...this.groups],
      having: [...this.having],
      orders: [...this.orders],
      loading: copyOf(this.loading),
    })
  }

  /** A copy with other parts. */
  with(parts: Partial<Pick<QueryState, 'limit' | 'offset' | 'orders' | 'selection' | 'lock' | 'loading'>>): QueryState<R> {
    return Object.assign(this.clone(), parts)
  }

  /** Whether its rows are not those of the table: groups, or different rows of chosen columns. */
  get isReshaped(): boolean {
    return this.isDistinct || this.groups.length > 0 || this.having.length > 0
  }

  /** Whether equal rows count once. Records differ by their keys, and not every type of a column has an equality. */
  get isDistinct(): boolean {
    return this.distinct && this.selection !== undefined
  }

  /** Whether each of its rows is a row of the table, which has a key. */
  get isOfRows(): boolean {
    return !this.isReshaped && (this.selection?.every(({ isOfRow }) => isOfRow) ?? true)
  }

  /** Whether nothing was asked yet: its live records, as they are, in the current scope's session. */
  get isUsual(): boolean {
    const { conditions, visibility, selection, orders, limit, offset, lock, loading, metadata } = this
    return (
      visibility === 'live' &&
      !this.isReshaped &&
      [conditions, orders, metadata.eagerRelations].every(({ length }) => length === 0) &&
      [selection, limit, offset, lock].every((each) => each === undefined) &&
      loading.size === 0 &&
      this.dataSource.subscribers.length === 0 &&
      metadata.afterLoadListeners.length === 0 &&
      !metadata.discriminatorColumn
    )
  }

  /** Whether SQL of the application is in it, or in what is asked of related records. */
  get hasFragment(): boolean {
    return this.from.hasFragment || this.#related().some((state) => state.hasFragment)
  }

  /** Whether it may only read: nothing is locked, and no SQL of the application is in it. */
  get isPlainRead(): boolean {
    return this.lock === undefined && !this.from.hasFragment && this.#related().every((state) => state.isPlainRead)
  }

  /** What is asked of related records, at every depth. */
  #related(loading = this.loading): QueryState[] {
    return [...loading.values()].flatMap(({ state, further }) => [...(state ? [state] : []), ...this.#related(further)])
  }

  /** The conditions, that on deleted rows included. */
  get where(): Pieces[] {
    const { visibility, from } = this
    const { deleteDateColumn } = this.metadata
    const own = visibility === 'live' ? live(from) : ofKind(from)
    const deleted: Pieces = visibility === 'deleted' && deleteDateColumn ? [...from.column(deleteDateColumn), ' IS NOT NULL'] : []
    return [...this.conditions, own, deleted].filter((condition) => condition.length > 0)
  }

  /** The terms of the order. */
  get orderPieces(): Pieces[] {
    const { dialect } = this.dataSource.driver
    return this.orders.map(({ pieces, direction, nulls }) => dialect.order(pieces, direction, nulls))
  }

  /** The order of the key. */
  get keyOrder(): Order[] {
    const { from } = this
    return this.metadata.primaryColumns.map((column): Order => {
      const term = columnTerm(from, column)
      return { pieces: sortable(term, from), direction: 'ASC', nulls: undefined, term, isHidden: isHidden(column) }
    })
  }

  /**
   * The terms of the order, and of the key what is not among them: what comes behind a whole key decides nothing.
   *
   * @param direction Of the key's terms.
   */
  ordersWithKey(direction: Order['direction']): Order[] {
    const textOf = ({ term }: Order): string => write(term.pieces, this.dataSource.driver).text
    const missing = new Map(this.keyOrder.map((order) => [textOf(order), { ...order, direction }]))
    const orders: Order[] = []
    for (const order of this.orders) {
      orders.push(order)
      missing.delete(textOf(order))
      if (missing.size === 0) return orders
    }
    return [...orders, ...missing.values()]
  }

  /** The SELECT of `columns`, with every clause of the query but those that `parts` replaces. @param join A further table. */
  select(columns: Pieces, parts: Partial<Select> = {}, join: Pieces = []): Pieces {
    const { dialect } = this.dataSource.driver
    const { from, lock } = this
    return select({
      columns,
      distinct: this.isDistinct,
      where: this.where,
      groups: this.groups,
      having: this.having,
      orders: this.orderPieces,
      window: dialect.window(this.limit, this.offset),
      lock: lock
        ? dialect.lock({ skipLocked: lock.skipLocked ?? false, noWait: lock.noWait ?? false, of: from.hasJoins ? from.alias : undefined })
        : [],
      ...parts,
      // Last: the joins are known when every clause is.
      from: [...from.clause, ...join],
    })
  }
}

function copyOf(loadings: ReadonlyMap<string, Loading>): Loadings {
  return new Map([...loadings].map(([name, { state, further }]) => [name, { state, further: copyOf(further) }]))
}
