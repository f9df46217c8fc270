import { DateTime } from 'luxon'
import { InvalidOptionError } from '../errors.js'
import { anything, readOptions } from '../options.js'
import { lt, oneOf } from '../query/op.js'
import type { Query } from '../query/query.js'
import { batchOption } from '../query/stream.js'

/** Which deleted rows are deleted for good, and how. @since 0.2 */
export interface PruneOptions {
  /** Those that were deleted before this moment. */
  readonly deletedBefore: DateTime | Date | string
  /** Rows of one transaction, 1 to 10,000. @default 500 */
  readonly batch?: number
}

const pruneOptions = { deletedBefore: anything, batch: batchOption }

/** What a model needs of its records to prune them. */
interface Prunable {
  readonly id: unknown
  readonly deletedAt: unknown
}

/**
 * Deletes rows for good that were deleted softly before a moment, in batches, each a transaction of its own.
 *
 * @param deleted A new query of the deleted rows.
 * @returns Number of rows that are gone.
 * @throws {InvalidOptionError} There is no moment, or an option is unknown.
 */
export async function prune<T extends object & Prunable>(deleted: () => Query<T>, options: PruneOptions): Promise<number> {
  const { deletedBefore, batch } = readOptions(pruneOptions, options, 'prune()')
  const before = momentOf(deletedBefore)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- columns that every such model has, whatever its own are
  const old = (condition: object): Query<T> => deleted().filter({ deletedAt: lt(before), ...condition } as never)
  let count = 0
  await old({}).inBatches(
    async ({ items }) => {
      // One that was restored meanwhile is not deleted any more.
      count += await old({ id: oneOf(items.map(({ id }) => id)) }).deleteAll({ hardDelete: true })
    },
    batch === undefined ? {} : { batch },
  )
  return count
}

function momentOf(given: unknown): DateTime {
  const moment =
    given instanceof Date ? DateTime.fromJSDate(given) : typeof given === 'string' ? DateTime.fromISO(given, { zone: 'utc' }) : given
  // Nothing given would be everything.
  if (!DateTime.isDateTime(moment) || !moment.isValid) throw new InvalidOptionError('deletedBefore of prune()', 'a moment', given)
  return moment.toUTC()
}
