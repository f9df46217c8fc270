import { type NullsOrder, joined, type Piece, type Pieces } from '../drivers/dialect.js'
import { UnsupportedError } from '../errors.js'
import { type Place, type PlaceValue, wholeNumber } from '../pagination/cursor.js'
import { bind, write } from '../plan/pieces.js'
import { sortable } from './expression.js'
import type { Reading } from './fetch.js'
import type { Order, QueryState } from './query-state.js'
import * as read from './read.js'

/** An item that was read, and where it stands. */
export interface Placed<R> {
  readonly item: R
  readonly place: Place
}

/** Which rows of an order are read. */
interface Span {
  /** Where they begin; `undefined` at the end that is read from. */
  readonly from: Place | undefined
  /** Whether the row that stands there is one of them. */
  readonly inclusive: boolean
  /** Whether the order is read from its end. */
  readonly backwards: boolean
}

/** A term of the order, as it is read in one direction. */
interface Step {
  readonly order: Order
  readonly value: PlaceValue
  readonly sign: '>' | '<'
  readonly nulls: NullsOrder
}

/**
 * The order of a query with its key behind: each row has one place in it, and is found from any place by comparing, whatever was
 * inserted or deleted meanwhile.
 */
export class Keyset<R> {
  readonly #state: QueryState<R>
  readonly #orders: readonly Order[]

  /** @param verb Who needs it, for messages. @throws {UnsupportedError} Rows of the query have no such places. */
  constructor(state: QueryState<R>, verb: string) {
    const what = `${state.metadata.name}.query().${verb}()`
    if (!state.isOfRows) {
      throw new UnsupportedError(`${what} of groups, aggregates and distinct rows`, 'They have no key: read them by all() or paginate().')
    }
    this.#state = state
    const { dialect } = state.dataSource.driver
    this.#orders = state.ordersWithKey(state.orders.at(-1)?.direction ?? 'ASC').map((order) => {
      const { term } = order
      return term.type.isChoice ? { ...order, term: { ...term, pieces: dialect.ordinal(term.pieces) } } : order
    })
    const unsortable = this.#orders.find(({ term }) => term.type.kind === 'unknown' || term.type.isOpaque)
    if (unsortable) {
      throw new UnsupportedError(
        `${what} by SQL of the application or by JSON`,
        'Sort by columns and expressions, whose types are known; cast(db.Integer) gives one.',
      )
    }
  }

  /** The order in words that no other has. */
  get signature(): string {
    const { metadata, dataSource } = this.#state
    const terms = this.#orders.map(({ term, direction, nulls }) => {
      const { text, values } = write(term.pieces, dataSource.driver)
      return [text, values.map(String), direction, nulls]
    })
    return JSON.stringify([metadata.tableName, terms])
  }

  /** Whether a hidden column is in it, whose values no client may see. */
  get isHidden(): boolean {
    return this.#orders.some(({ isHidden }) => isHidden)
  }

  /** Reads rows, in the order in which they are read. */
  async rows(reading: Reading, span: Span, limit: number, offset?: number): Promise<Placed<R>[]> {
    const { dialect } = this.#state.dataSource.driver
    const state = this.#spanned(span).with({ limit, offset })
    state.orders = this.#orders.map((order) => (span.backwards ? reversed(order) : order))
    const exact = this.#orders.map(({ term }) => dialect.exact(term.pieces, term.type.kind))
    const found = await read.allBeside(state, reading, exact)
    return found.map(({ item, beside }) => ({ item, place: beside.map((raw, index) => valueOf(raw, this.#orders[index])) }))
  }

  /** Whether there is any row. */
  exists(reading: Reading, span: Span): Promise<boolean> {
    return read.exists(this.#spanned(span), reading)
  }

  #spanned(span: Span): QueryState<R> {
    const state = this.#state.clone()
    if (span.from) state.conditions.push(this.#condition(span.from, span))
    return state
  }

  /** The condition that rows come after a place. */
  #condition(from: Place, { inclusive, backwards }: Span): Pieces {
    const { dialect, capabilities } = this.#state.dataSource.driver
    const steps = this.#orders.map((order, index): Step => {
      const isAscending = order.direction === 'ASC'
      const nulls = order.nulls ?? (isAscending ? dialect.nulls : opposite(dialect.nulls))
      return { order, value: from[index] ?? null, sign: isAscending === backwards ? '<' : '>', nulls: backwards ? opposite(nulls) : nulls }
    })
    const [first] = steps
    if (capabilities.seeksRows && steps.length > 1 && steps.every((step) => step.sign === first?.sign && isSimple(step))) {
      const values = joined(
        steps.map((step) => this.#bound(step)),
        ', ',
      )
      const columns = joined(
        steps.map((step) => this.#sorted(step)),
        ', ',
      )
      return ['(', ...columns, `) ${first?.sign}${inclusive ? '=' : ''} (`, ...values, ')']
    }
    const after = steps.reduceRight<Pieces>((rest, step) => this.#after(step, rest, inclusive), [])
    // By this alone an index is entered where the place is.
    return first && steps.length > 1 && isSimple(first) ? ['(', ...this.#compared(first, `${first.sign}=`), ' AND ', ...after, ')'] : after
  }

  /** The condition that rows come after a place by this term, or by the `rest` among those that are equal to it. */
  #after(step: Step, rest: Pieces, inclusive: boolean): Pieces {
    const { order, value, sign, nulls } = step
    const column = this.#sorted(step)
    const equal: Pieces = value === null ? [...column, ' IS NULL'] : this.#compared(step, '=')
    // The last term is of the key, which has no NULL.
    if (rest.length === 0) return this.#compared(step, inclusive ? `${sign}=` : sign)
    const greater: Pieces[] = value === null ? [] : [this.#compared(step, sign)]
    if (value === null && nulls === 'first') greater.push([...column, ' IS NOT NULL'])
    if (value !== null && nulls === 'last' && !order.term.isRequired) greater.push([...column, ' IS NULL'])
    const among: Piece[] = ['(', ...equal, ' AND ', ...rest, ')']
    return ['(', ...joined([...greater, among], ' OR '), ')']
  }

  #compared(step: Step, sign: string): Pieces {
    return [...this.#sorted(step), ` ${sign} `, ...this.#bound(step)]
  }

  #sorted({ order: { term } }: Step): Pieces {
    return sortable(term, this.#state.from)
  }

  #bound({ order: { term }, value }: Step): Pieces {
    const { type } = term
    const pieces: Pieces = [bind(value)]
    const { dialect } = this.#state.dataSource.driver
    return sortable(
      { pieces: type.kind === 'decimal' ? dialect.decimal(pieces, type.scale ?? mostDigits) : pieces, type },
      this.#state.from,
    )
  }
}

/** Digits after the point that an expression of decimals may have. */
const mostDigits = 30

/** Whether rows that come after a value are those that compare as greater: no NULL comes after it. */
function isSimple({ value, nulls, order }: Step): boolean {
  return value !== null && (nulls === 'first' || order.term.isRequired === true)
}

function reversed(order: Order): Order {
  return { ...order, direction: order.direction === 'ASC' ? 'DESC' : 'ASC', nulls: order.nulls && opposite(order.nulls) }
}

function opposite(nulls: NullsOrder): NullsOrder {
  return nulls === 'first' ? 'last' : 'first'
}

/** A value as it is bound again; whole numbers that come as text would be compared as doubles by some databases. */
function valueOf(raw: unknown, order: Order | undefined): PlaceValue {
  if (raw === null || raw === undefined) return null
  if (typeof raw === 'string') return isWhole(order) ? (wholeNumber(raw) ?? raw) : raw
  if (typeof raw === 'number' || typeof raw === 'bigint' || raw instanceof Uint8Array) return raw
  return String(raw)
}

function isWhole(order: Order | undefined): boolean {
  return order?.term.type.kind === 'integer' || order?.term.type.kind === 'bigint'
}
