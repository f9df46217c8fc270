import { afterAll, describe, expect, it, vi } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { planOf } from '../src/plan/plan.js'
import { insertText } from '../src/plan/statements.js'

const db = new ActiveAlchemy('sqlite://')
const optional = () => db.Column(db.Integer, { nullable: true })

class Wide extends db.BaseModel('Wide', {
  id: db.Column(db.Integer, { primary: true }),
  a: optional(),
  b: optional(),
  c: optional(),
  d: optional(),
  e: optional(),
  f: optional(),
  g: optional(),
  h: optional(),
  i: optional(),
}) {}

afterAll(() => db.close())

const metadata = db.dataSource.getMetadata(Wide)
const plan = planOf(metadata)
/** Each number stands for another set of columns, as clients choose them. */
const columnsOf = (set: number) => plan.columns.filter(({ index }) => (set & (1 << index)) !== 0)
const rowOf = (set: number): unknown[] => plan.columns.map(({ index }) => (set & (1 << index) ? 1 : undefined))

describe('what is kept of sets of columns, which clients choose', () => {
  it.each([
    ['an INSERT', (set: number) => plan.insert([rowOf(set)], true, false)],
    ['an UPDATE', (set: number) => plan.update(columnsOf(set), [], [])],
  ])('is found again for %s, and has an end', (_, planned) => {
    const first = planned(1)
    expect(planned(1)).toBe(first)
    for (let set = 2; set < 600; set++) planned(set)
    expect(planned(599)).toBe(planned(599))
    expect(planned(1)).not.toBe(first)
  })

  it('are no more characters than have room, however many rows are inserted at once', () => {
    const made = vi.spyOn(metadata.dataSource.driver, 'escape')
    const isMade = (rows: number): boolean => {
      made.mockClear()
      insertText(metadata, metadata.columns, rows, [])
      return made.mock.calls.length > 0
    }
    expect([isMade(7), isMade(7)]).toEqual([true, false])
    for (let rows = 1_000; rows < 1_020; rows++) isMade(rows)
    expect([isMade(1_019), isMade(7)]).toEqual([false, true])
    made.mockRestore()
  })
})
