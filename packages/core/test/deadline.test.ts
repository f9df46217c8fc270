import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { beginDeadline } from '../src/deadline.js'

afterEach(() => void vi.useRealTimers())

/** Resolves when the deadline comes. */
const reached = (milliseconds: number): Promise<number> =>
  new Promise((resolve) => void beginDeadline(milliseconds, () => resolve(performance.now())))

/** Timers that keep the process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

describe('a deadline', () => {
  it('comes when it is time, and never before', async () => {
    const began = performance.now()
    // The second begins while the timer of the first runs.
    const first = reached(30)
    await reached(10)
    const beganLater = performance.now()
    const second = reached(30)
    expect((await first) - began).toBeGreaterThanOrEqual(30)
    expect((await second) - beganLater).toBeGreaterThanOrEqual(30)
  })

  it('does not come when it was ended, and the others do, in their order', async () => {
    const came: number[] = []
    const ends = Array.from({ length: 20 }, (_, number) => beginDeadline(20, () => came.push(number)))
    for (const [number, end] of ends.entries()) if (number % 3 > 0) end()
    // A second call ends nobody else's.
    ends[1]?.()
    await reached(40)
    expect(came).toEqual([0, 3, 6, 9, 12, 15, 18])
  })

  it('can begin another as it comes', async () => {
    let times = 0
    await new Promise<void>((resolve) => {
      const again = (): void => {
        times += 1
        if (times === 3) resolve()
        else beginDeadline(5, again)
      }
      beginDeadline(5, again)
    })
    expect(times).toBe(3)
  })

  it('comes while a test of the application has stopped the clock', async () => {
    vi.useFakeTimers()
    await expect(reached(10)).resolves.toBeDefined()
  })

  it('keeps the process alive until it is ended, however many have begun', () => {
    const before = timers()
    const ends = [beginDeadline(60_001, () => undefined), beginDeadline(60_001, () => undefined)]
    expect(timers()).toBe(before + 1)
    ends[0]?.()
    expect(timers()).toBe(before + 1)
    ends[1]?.()
    expect(timers()).toBe(before)
    const end = beginDeadline(60_001, () => undefined)
    expect(timers()).toBe(before + 1)
    end()
    expect(timers()).toBe(before)
  })

  it('is of no request: what is kept for them all keeps nothing of the first', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen = await storage.run('a request', () => new Promise((resolve) => void beginDeadline(7, () => resolve(storage.getStore()))))
    expect(seen).toBeUndefined()
  })
})
