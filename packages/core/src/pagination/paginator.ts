import { pageWindow, type WindowOptions } from './page-window.js'

/** What a page is made of. */
export interface PageFacts<Item> {
  readonly items: readonly Item[]
  /** Page number, from 1. */
  readonly page: number
  /** The most items on a page. */
  readonly perPage: number
  /** Items on all pages; `null` if they were not counted. */
  readonly total: number | null
  /** Whether an uncounted list goes on after this page. */
  readonly hasMore?: boolean
}

/** A page as JSON. @since 0.1 */
export interface PageJson<Item> {
  readonly items: readonly Item[]
  readonly meta: {
    readonly page: number
    readonly perPage: number
    readonly total: number | null
    readonly totalPages: number | null
    readonly hasPrev: boolean
    readonly hasNext: boolean
  }
}

/** Addresses of the pages around; `null` where there is none. @since 0.1 */
export interface PageLinks {
  readonly self: string
  readonly first: string
  readonly prev: string | null
  readonly next: string | null
  readonly last: string | null
}

/**
 * One page of a list: its items, and where it stands among the others. Iterating it gives the items.
 *
 * @since 0.1
 * @example
 * const page = await User.paginate({ page: 2, perPage: 20 })
 * for (const user of page) console.log(user.name)
 * page.pages  // [1, 2, 3, 4, 5]
 */
export class Paginator<Item> implements Iterable<Item> {
  readonly items: readonly Item[]
  /** Page number, from 1; it may be beyond the last page, which is then empty. */
  readonly page: number
  /** The most items on a page. */
  readonly perPage: number
  /** Items on all pages; `null` with `count: false`. */
  readonly total: number | null
  readonly #hasMore: boolean

  constructor({ items, page, perPage, total, hasMore = false }: PageFacts<Item>) {
    this.items = items
    this.page = page
    this.perPage = perPage
    this.total = total
    this.#hasMore = hasMore
  }

  /** Number of pages, 0 of an empty list; `null` with `count: false`. */
  get totalPages(): number | null {
    return this.total === null ? null : Math.ceil(this.total / this.perPage)
  }

  /** Whether a page comes before this one. */
  get hasPrev(): boolean {
    return this.page > 1
  }

  /** Whether a page comes after this one. */
  get hasNext(): boolean {
    return this.totalPages === null ? this.#hasMore : this.page < this.totalPages
  }

  /** The page before, whether or not it exists. */
  get prevPageNumber(): number {
    return this.page - 1
  }

  /** The page after, whether or not it exists. */
  get nextPageNumber(): number {
    return this.page + 1
  }

  /** Number of the first item on this page among all, from 1; 0 of an empty page. */
  get firstIndex(): number {
    return this.items.length === 0 ? 0 : (this.page - 1) * this.perPage + 1
  }

  /** Number of the last item on this page among all; 0 of an empty page. */
  get lastIndex(): number {
    return this.items.length === 0 ? 0 : this.firstIndex + this.items.length - 1
  }

  /** Page numbers to show, `null` for a gap: `iterPages()` with its defaults. */
  get pages(): (number | null)[] {
    return this.iterPages()
  }

  /** Page numbers to show, `null` for a gap. Uncounted, as far as is known. */
  iterPages(options: WindowOptions = {}): (number | null)[] {
    return pageWindow(this.page, this.totalPages ?? this.page + (this.#hasMore ? 1 : 0), options)
  }

  /** Addresses of the pages around. @param urlFor Gives the address of a page. */
  links(urlFor: (page: number) => string): PageLinks {
    const { totalPages } = this
    return {
      self: urlFor(this.page),
      first: urlFor(1),
      prev: this.hasPrev ? urlFor(this.prevPageNumber) : null,
      next: this.hasNext ? urlFor(this.nextPageNumber) : null,
      last: totalPages === null ? null : urlFor(Math.max(totalPages, 1)),
    }
  }

  /** The items, and where they stand. */
  toJSON(): PageJson<Item> {
    const { items, page, perPage, total, totalPages, hasPrev, hasNext } = this
    return { items, meta: { page, perPage, total, totalPages, hasPrev, hasNext } }
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.items[Symbol.iterator]()
  }
}
