import { expect, it } from 'vitest'
import { run } from './processes.ts'

interface Told {
  readonly shared: Record<string, boolean[]>
  readonly bytes: number
  readonly kept: number
  readonly stillHeld: number
}

it('records of a model share one hidden class, however it was defined, are small, and hold nothing of the request that they came with', async () => {
  const { code, output } = await run({}, 'processes/records.js')
  expect({ code, output }).toMatchObject({ code: 0 })
  const { shared, bytes, kept, stillHeld } = JSON.parse(output.slice(output.indexOf('{'))) as Told
  const all = [true, true, true]
  expect(shared).toEqual({ Typed: all, Bare: all, Child: all, Decorated: all, DecoratedBare: all })
  // A loaded record of seven columns, with what is known of its row; one with a hidden class of its own took 3,400.
  expect(bytes).toBeLessThan(1_000)
  // Of 20 requests, whose records are all kept: Node itself may still hold the last ones.
  expect(kept).toBe(120)
  expect(stillHeld).toBeLessThanOrEqual(3)
})
