import { InvalidOptionError } from '../errors.js'
import type { Reporter } from './report.js'

/** A function to be called after a transaction has ended. */
export interface Hook {
  /** What it is, for messages. */
  readonly name: string
  readonly call: () => unknown
  /** Whether the end of its transaction waits for it. */
  readonly isAwaited: boolean
  /** Milliseconds for which it is waited for. */
  readonly timeoutMs: number
}

/** How a hook is called. @since 0.2 */
export interface HookOptions {
  /**
   * Whether the answer waits for it, no longer than `transactionTimeoutMs`.
   *
   * @default false
   */
  readonly await?: boolean
}

/** @throws {InvalidOptionError} It is no function: that would be told only when it is too late. */
export function acceptHook<Call>(name: string, hook: Call): Call {
  if (typeof hook !== 'function') throw new InvalidOptionError(name, 'a function', hook)
  return hook
}

/**
 * Calls hooks one after the other, each for as long as it may take: one that never ends keeps none of the others waiting for ever.
 * What they throw is reported.
 *
 * @param label What they belong to, for messages.
 */
export async function callHooks(hooks: readonly Hook[], label: string, report: Reporter): Promise<void> {
  for (const hook of hooks) {
    try {
      await inTime(hook, label)
    } catch (error) {
      const message = `${hook.name} of ${label} failed. What was committed or rolled back stays so.`
      report({ kind: 'hook-failed', label, error, message })
    }
  }
}

async function inTime({ name, call, timeoutMs }: Hook, label: string): Promise<void> {
  const called: unknown = call()
  if (!isPromise(called)) return
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_resolve, reject) => {
    const error = new Error(`${name} of ${label} has not ended within ${timeoutMs} ms. It goes on alone.`)
    timer = setTimeout(() => reject(error), timeoutMs)
    timer.unref()
  })
  try {
    await Promise.race([called, tooLong])
  } finally {
    clearTimeout(timer)
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
