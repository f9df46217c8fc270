import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Patience, Semaphore } from '../src/semaphore.js'

const tooLong = new Error('too long')
const patience = (timeoutMs: number): Patience => ({ timeoutMs, onTimeout: () => tooLong })

describe('a permit that is free', () => {
  it('is given at once, as many as there are', async () => {
    const semaphore = new Semaphore(2)
    expect([semaphore.size, semaphore.free, semaphore.waiting]).toEqual([2, 2, 0])
    await semaphore.acquire()
    await semaphore.acquire()
    expect([semaphore.free, semaphore.waiting]).toEqual([0, 0])
  })

  it('comes back with its release', async () => {
    const semaphore = new Semaphore(1)
    const release = await semaphore.acquire()
    release()
    expect(semaphore.free).toBe(1)
  })

  it('comes back once, however often it is released', async () => {
    const semaphore = new Semaphore(1)
    const release = await semaphore.acquire()
    release()
    const second = await semaphore.acquire()
    release()
    expect(semaphore.free).toBe(0)
    second()
    expect(semaphore.free).toBe(1)
  })
})

describe('a line of callers', () => {
  it('is served first come, first served, and nobody overtakes', async () => {
    const semaphore = new Semaphore(1)
    const served: number[] = []
    const release = await semaphore.acquire()
    const line = [1, 2, 3].map(async (number) => {
      const done = await semaphore.acquire()
      served.push(number)
      await turn()
      done()
    })
    expect(semaphore.waiting).toBe(3)
    release()
    // The permit went to the first in line: who comes now finds none.
    expect(semaphore.free).toBe(0)
    const late = semaphore.acquire().then((done) => {
      served.push(4)
      done()
    })
    await Promise.all([...line, late])
    expect(served).toEqual([1, 2, 3, 4])
    expect([semaphore.free, semaphore.waiting]).toEqual([1, 0])
  })
})

describe('a caller without time', () => {
  it('is told so, and leaves the line', async () => {
    const semaphore = new Semaphore(1)
    const release = await semaphore.acquire()
    await expect(semaphore.acquire(patience(5))).rejects.toBe(tooLong)
    expect(semaphore.waiting).toBe(0)
    release()
    expect(semaphore.free).toBe(1)
  })

  it('takes no permit from those who wait on', async () => {
    const semaphore = new Semaphore(1)
    const release = await semaphore.acquire()
    const impatient = semaphore.acquire(patience(5))
    const patient = semaphore.acquire(patience(5_000))
    await expect(impatient).rejects.toBe(tooLong)
    release()
    const next = await patient
    expect(semaphore.free).toBe(0)
    next()
    expect(semaphore.free).toBe(1)
  })

  it('is served in time, and is not told later', async () => {
    const semaphore = new Semaphore(1)
    let told = 0
    const release = await semaphore.acquire()
    const waiting = semaphore.acquire({ timeoutMs: 30, onTimeout: () => ((told += 1), tooLong) })
    release()
    await waiting
    await sleep(50)
    expect(told).toBe(0)
  })

  it('waits on in its place when it is given more time', async () => {
    const semaphore = new Semaphore(1)
    const asked: number[] = []
    const release = await semaphore.acquire()
    const first = semaphore.acquire({ timeoutMs: 2, onTimeout: () => (asked.push(1), undefined) })
    let secondServed = false
    const second = semaphore.acquire().then((done) => ((secondServed = true), done))
    while (asked.length < 3) await sleep(2)
    release()
    const done = await first
    expect(secondServed).toBe(false)
    done()
    await second
  })

  it('may be told after it was given more time', async () => {
    const semaphore = new Semaphore(1)
    let asked = 0
    await semaphore.acquire()
    await expect(semaphore.acquire({ timeoutMs: 2, onTimeout: () => ((asked += 1) < 3 ? undefined : tooLong) })).rejects.toBe(tooLong)
    expect(asked).toBe(3)
  })

  it('that finds a permit free waits for nothing', async () => {
    await expect(new Semaphore(1).acquire({ timeoutMs: 0, onTimeout: () => tooLong })).resolves.toBeInstanceOf(Function)
  })
})

it('never gives out more permits than it has, and loses none, whoever comes and goes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ hold: fc.integer({ min: 0, max: 3 }), impatient: fc.boolean(), twice: fc.boolean() }), { maxLength: 25 }),
      async (size, callers) => {
        const semaphore = new Semaphore(size)
        let holding = 0
        let most = 0
        await Promise.all(
          callers.map(async ({ hold, impatient, twice }) => {
            const release = await semaphore.acquire(impatient ? patience(1) : undefined).catch(() => undefined)
            if (!release) return
            most = Math.max(most, (holding += 1))
            for (let turns = 0; turns < hold; turns += 1) await turn()
            holding -= 1
            release()
            if (twice) release()
          }),
        )
        expect(most).toBeLessThanOrEqual(size)
        expect([semaphore.free, semaphore.waiting]).toEqual([size, 0])
      },
    ),
    { numRuns: 60 },
  )
})
