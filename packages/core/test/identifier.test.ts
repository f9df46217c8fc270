import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnKind } from '../src/types/column-type.js'
import { readIdentifier } from '../src/types/identifier.js'
import { Integer } from '../src/types/index.js'

const uuid = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'

describe('a key of whole numbers', () => {
  it.each<[unknown, number]>([
    [42, 42],
    ['42', 42],
    ['-7', -7],
    [0, 0],
    [42n, 42],
    [2_147_483_647, 2_147_483_647],
  ])('%o is the key %d', (value, key) => {
    expect(readIdentifier('integer', value)).toBe(key)
  })

  it.each([
    '',
    ' 42',
    '42 ',
    '4.2',
    '1e3',
    '0x10',
    '42;',
    '٤',
    '1 OR 1=1',
    '9'.repeat(16),
    '9'.repeat(17),
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 31,
    2n ** 40n,
  ])('no row can have the key %o', (value) => {
    expect(readIdentifier('integer', value)).toBeUndefined()
  })

  it('may be the smallest whole number that the column takes', () => {
    expect(readIdentifier('integer', Integer.accept(-2_147_483_648))).toBe(-2_147_483_648)
  })

  it.each(['-0', -0])('%o is the key 0', (value) => {
    expect(readIdentifier('integer', value)).toBe(0)
  })
})

describe('a key of 64 bits', () => {
  it.each<[unknown, bigint]>([
    [42, 42n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['-1', -1n],
    [7n, 7n],
  ])('%o is the key %d', (value, key) => {
    expect(readIdentifier('bigint', value)).toBe(key)
  })

  it.each(['', 'abc', '1.5', 1.5, 1e21, Number.NaN, '9'.repeat(20)])('no row can have the key %o', (value) => {
    expect(readIdentifier('bigint', value)).toBeUndefined()
  })

  it.each(['9223372036854775808', '-9223372036854775809', 2n ** 63n, 2n ** 100n])(
    '%o has more than 64 bits, so that no row can have it',
    (value) => {
      expect(readIdentifier('bigint', value)).toBeUndefined()
    },
  )

  it('is no number that has lost digits', () => {
    expect(readIdentifier('bigint', 2 ** 53 + 2)).toBeUndefined()
  })
})

describe('a key of text', () => {
  it('is the text itself', () => {
    expect(readIdentifier('string', 'IS')).toBe('IS')
    expect(readIdentifier('string', '')).toBe('')
  })

  it.each(['a\0b', 42, 42n])('no row can have the key %o', (value) => {
    expect(readIdentifier('string', value)).toBeUndefined()
  })
})

describe('a UUID', () => {
  it('is read in lower case', () => {
    expect(readIdentifier('uuid', uuid.toUpperCase())).toBe(uuid)
  })

  it.each(['', 'abc', `${uuid}'`, 42])('no row can have the key %o', (value) => {
    expect(readIdentifier('uuid', value)).toBeUndefined()
  })
})

it('of another kind is the scalar itself', () => {
  expect([readIdentifier('date', '2026-01-31'), readIdentifier('decimal', '1.50'), readIdentifier('number', 1.5)]).toEqual([
    '2026-01-31',
    '1.50',
    1.5,
  ])
})

it('that is no scalar is an error, whatever its kind', () => {
  const kinds: readonly ColumnKind[] = ['string', 'integer', 'bigint', 'uuid', 'date', 'json']
  const foreign = fc.oneof(
    fc.object(),
    fc.array(fc.anything()),
    fc.boolean(),
    fc.constantFrom(null, undefined, Symbol('1'), () => 1, new Date(0)),
  )
  fc.assert(
    fc.property(fc.constantFrom(...kinds), foreign, (kind, value) => {
      expect(() => readIdentifier(kind, value)).toThrow(new TypeError('A key is a string or a number'))
    }),
  )
})

it('never reads a text into two different keys', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (number) => {
      expect(readIdentifier('integer', `${number}`)).toBe(number)
      expect(readIdentifier('bigint', `${number}`)).toBe(BigInt(number))
    }),
  )
})
