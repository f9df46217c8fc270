import { anything, readOptions, wholeNumber } from '../options.js'
import type { CursorPage } from '../pagination/cursor-page.js'
import { type CursorRequest, cursorOf } from '../pagination/page-request.js'
import { runInScope } from '../scope/scope.js'
import { cursorPage } from './cursor-page.js'
import type { QueryState } from './query-state.js'
import { batchOption, defaultBatch } from './stream.js'

/** How `inBatches` works. @since 0.2 */
export interface BatchOptions {
  /** Records of one transaction, 1 to 10,000. @default 500 */
  readonly batch?: number
  /** `endCursor` of the last batch that was done; nothing, `null` and `''` are the start. */
  readonly after?: unknown
  /** Milliseconds for which the transaction of a batch may be open. @default the option of the database */
  readonly transactionTimeoutMs?: number
}

const known = { batch: batchOption, after: anything, transactionTimeoutMs: wholeNumber(1, 2 ** 31 - 1) }

/**
 * Works through what a query gives, each batch in a scope of its own.
 *
 * @param turn Gives the page of another request.
 * @returns Number of records that were worked on.
 */
export async function inBatches<R>(
  state: QueryState<R>,
  work: (batch: CursorPage<R>) => Promise<unknown>,
  options: BatchOptions | undefined,
  turn: (request: CursorRequest) => Promise<CursorPage<R>>,
): Promise<number> {
  const { batch: size = defaultBatch, after, transactionTimeoutMs } = readOptions(known, options, 'inBatches()')
  const { dataSource, metadata, isPlainRead, hasFragment } = state
  const label = `${metadata.name}.query().inBatches()`
  let cursor = cursorOf(after)
  for (let count = 0; ; ) {
    const page = await runInScope({ label, transactionTimeoutMs }, async (scope) => {
      const reading = { session: dataSource.sessionOf(scope), writes: !isPlainRead, hasFragment }
      const read = await cursorPage(state, { size, cursor, backwards: false }, reading, turn)
      if (read.items.length > 0) await work(read)
      return read
    })
    count += page.items.length
    if (!page.hasNext || page.endCursor === null) return count
    cursor = page.endCursor
  }
}
