import { afterEach, expect, it, vi } from 'vitest'
import { clock } from '../src/clock.js'

afterEach(() => void vi.useRealTimers())

it('tells the present in UTC, whatever the zone of the process', () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 31, 23, 59, 59, 987) })
  expect(clock.now().zoneName).toBe('UTC')
  expect(clock.now().toISO()).toBe('2026-01-31T23:59:59.987Z')
})

it('never goes back', () => {
  const times = Array.from({ length: 100 }, () => clock.now().toMillis())
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})
