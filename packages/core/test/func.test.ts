import { describe, expect, it } from 'vitest'
import { Expression, func } from '../src/query/func.js'

describe('an SQL function', () => {
  it.each([
    ['count', 'COUNT'],
    ['sum', 'SUM'],
    ['avg', 'AVG'],
    ['min', 'MIN'],
    ['max', 'MAX'],
    ['lower', 'LOWER'],
    ['upper', 'UPPER'],
  ] as const)('%s is %s over a column', (name, sql) => {
    const expression = func[name]('price')
    expect(expression).toBeInstanceOf(Expression)
    expect(expression).toMatchObject({ name: sql, column: 'price', isDistinct: false })
  })

  it('count is over rows unless it is given a column', () => {
    expect(func.count().column).toBe('*')
  })

  it('over different values is another expression, and leaves the first alone', () => {
    const all = func.count('location')
    const different = all.distinct()
    expect([all.isDistinct, different.isDistinct]).toEqual([false, true])
    expect(different).toMatchObject({ name: 'COUNT', column: 'location', convert: all.convert })
  })
})

describe('a result', () => {
  it('of count is a number, as some drivers give it as text', () => {
    const { convert } = func.count()
    expect([convert?.('42'), convert?.(42), convert?.(42n)]).toEqual([42, 42, 42])
  })

  it('of avg is a number, null of no rows', () => {
    const { convert } = func.avg('price')
    expect([convert?.('12.50'), convert?.(12.5), convert?.(0), convert?.(null), convert?.(undefined)]).toEqual([12.5, 12.5, 0, null, null])
  })

  it.each(['min', 'max', 'sum'] as const)("of %s is the column's own", (name) => {
    expect(func[name]('price').convert).toBeUndefined()
  })

  it.each(['lower', 'upper'] as const)('of %s is the text as it comes', (name) => {
    const { convert } = func[name]('name')
    expect([convert?.('abc'), convert?.(null)]).toEqual(['abc', null])
  })
})
