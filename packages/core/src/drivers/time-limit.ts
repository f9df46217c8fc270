import { TransactionTimeoutError } from '../errors.js'
import type { DriverRunner } from './driver.js'

/** Runs `work`; when it takes longer than `timeoutMs`, calls `expire`, which must make it end. */
export async function within<T>(timeoutMs: number, expire: () => void, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(expire, timeoutMs)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

/** Runs `work`, and cancels what its runner has under way when that takes longer than the session waits for. @param limitMs 0 sets no limit. */
export function limited<T>(runner: DriverRunner, limitMs: number, work: () => Promise<T>): Promise<T> {
  if (limitMs === 0) return work()
  return within(limitMs, () => runner.cancel(new TransactionTimeoutError(limitMs, 'statement')), work)
}
