import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Link, LinkedList } from '../src/linked-list.js'

it('has what came, in its order, without what has left', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (steps) => {
      const list = new LinkedList<number>()
      const links: Link<number>[] = []
      let expected: number[] = []
      const told: [boolean, boolean][] = []
      for (const [number, step] of steps.entries()) {
        const link = links[step]
        if (link && number % 3 === 0) {
          list.moveToEnd(link)
          if (expected.includes(link.value)) expected = [...expected.filter((value) => value !== link.value), link.value]
        } else if (link) {
          // A second time it is not there any more, and nothing changes.
          told.push([list.delete(link), expected.includes(link.value)])
          expected = expected.filter((value) => value !== link.value)
        } else {
          links.push(list.add(number))
          expected.push(number)
        }
        expect(told.every(([one, other]) => one === other)).toBe(true)
        expect([[...list], list.size, list.first?.value]).toEqual([expected, expected.length, expected[0]])
      }
    }),
  )
})
