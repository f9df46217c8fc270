import { beginDeadline } from '../deadline.js'
import { TransactionTimeoutError } from '../errors.js'
import { type Eventual, lastly } from '../eventual.js'
import type { DriverRunner } from './driver.js'

/** Runs `work`; when it takes longer than `timeoutMs`, calls `expire`, which must make it end. */
export async function within<T>(timeoutMs: number, expire: () => void, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(expire, timeoutMs)
  return lastly(work, () => clearTimeout(timer))
}

/**
 * Begins to wait for what a runner has under way, and cancels it when that takes longer than the session waits for.
 *
 * @param limitMs 0 sets no limit.
 * @returns Ends the wait.
 */
export function limit(runner: DriverRunner, limitMs: number): () => void {
  if (limitMs === 0) return unlimited
  return beginDeadline(limitMs, () => runner.cancel(new TransactionTimeoutError(limitMs, 'statement')))
}

const unlimited = (): void => undefined

/** Runs `work` within the limit of its runner. See `limit`. */
export function limited<T>(runner: DriverRunner, limitMs: number, work: () => Eventual<T>): Eventual<T> {
  return lastly(work, limit(runner, limitMs))
}
