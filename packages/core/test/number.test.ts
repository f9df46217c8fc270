import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidOptionError } from '../src/errors.js'
import type { ColumnStorage, ColumnType } from '../src/types/column-type.js'
import { BigInteger, Boolean, Float, Integer, Numeric } from '../src/types/index.js'

/** A value as it comes back from a column, when the client hands it over as `between` makes of it. */
function roundTrip({ transformer }: ColumnStorage, value: unknown, between: (kept: unknown) => unknown = (kept) => kept): unknown {
  if (!transformer || Array.isArray(transformer)) return between(value)
  return transformer.from(between(transformer.to(value)))
}

const noNumbers: readonly unknown[] = [
  null,
  undefined,
  '',
  'abc',
  true,
  [],
  [1],
  {},
  { valueOf: () => 1 },
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Symbol('1'),
]

function refusesAll(type: ColumnType<unknown>, values: readonly unknown[]): void {
  for (const value of values) expect(() => type.accept(value)).toThrow(TypeError)
}

describe('Integer', () => {
  it('has 32 bits', () => {
    for (const value of [0, -1, 2_147_483_647, -2_147_483_648]) expect(Integer.accept(value)).toBe(value)
    refusesAll(Integer, [2_147_483_648, -2_147_483_649, 1.5, '1', 1n, ...noNumbers])
  })

  it('is an integer on every database', () => {
    for (const database of ['sqlite', 'postgres', 'mysql'] as const) expect(Integer.storage(database)).toEqual({ type: 'integer' })
  })

  it('says what it takes and what it received', () => {
    expect(() => Integer.accept(1.5)).toThrow('takes a whole number from -2147483648 to 2147483647, and received the number 1.5')
  })
})

describe('BigInteger', () => {
  it('has 64 bits', () => {
    for (const value of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) expect(BigInteger.accept(value)).toBe(value)
    refusesAll(BigInteger, [2n ** 63n, -(2n ** 63n) - 1n, '1', 1.5, 2 ** 53, ...noNumbers])
  })

  it('is a bigint where the client reads one without loss', () => {
    expect([BigInteger.storage('postgres').type, BigInteger.storage('mysql').type]).toEqual(['bigint', 'bigint'])
  })

  it('takes a number that is exact', () => {
    expect(BigInteger.accept(Number.MAX_SAFE_INTEGER)).toBe(9_007_199_254_740_991n)
  })

  it('comes back with every digit, from a client that gives text', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.constantFrom('sqlite' as const, 'postgres' as const, 'mysql' as const),
        (value, database) => {
          expect(roundTrip(BigInteger.storage(database), BigInteger.accept(value), String)).toBe(value)
        },
      ),
    )
  })

  it('comes back from a client that gives numbers, and leaves null alone', () => {
    expect(roundTrip(BigInteger.storage('mysql'), 42n, Number)).toBe(42n)
    expect(roundTrip(BigInteger.storage('mysql'), null)).toBeNull()
  })

  it('is digits in JSON, which has no such numbers', () => {
    expect(BigInteger.toJSON?.(2n ** 63n - 1n)).toBe('9223372036854775807')
  })
})

describe('Float', () => {
  it('is any finite number', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => Object.is(Float.accept(value), value)))
    refusesAll(Float, ['1', 1n, ...noNumbers])
  })

  it('has double precision on every database', () => {
    expect(['sqlite', 'postgres', 'mysql'].map((database) => Float.storage(database as 'sqlite').type)).toEqual([
      'double',
      'double precision',
      'double',
    ])
  })
})

describe('Boolean', () => {
  it('is true or false, and nothing that is nearly so', () => {
    expect([Boolean.accept(true), Boolean.accept(false)]).toEqual([true, false])
    refusesAll(Boolean, [0, 1, 'true', '', null, undefined, [], {}])
    expect(Boolean.storage('mysql')).toEqual({ type: 'boolean' })
  })
})

describe('Numeric', () => {
  /** An exact decimal number as a count of its smallest unit. */
  const units = (text: string, scale: number): bigint => {
    const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
    return BigInt(whole + fraction.padEnd(scale, '0')) * (text.startsWith('-') ? -1n : 1n)
  }
  const decimal = (precision: number, scale: number): fc.Arbitrary<string> =>
    fc
      .tuple(
        fc.boolean(),
        fc.bigInt({ min: 0n, max: 10n ** BigInt(precision - scale) - 1n }),
        fc.stringMatching(new RegExp(`^\\d{0,${scale}}$`)),
      )
      .map(([negative, whole, fraction]) => `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`)

  it('has 18 digits, 2 of them after the point, unless told otherwise', () => {
    expect([Numeric.kind, Numeric.typeName]).toEqual(['decimal', 'Numeric(18, 2)'])
    expect(Numeric.storage('postgres')).toMatchObject({ type: 'numeric', precision: 18, scale: 2 })
    expect(Numeric(10, 4).typeName).toBe('Numeric(10, 4)')
  })

  it.each([
    [0, 0],
    [66, 2],
    [1.5, 0],
    [5, -1],
    [5, 6],
    [5, 1.5],
    [Number.NaN, 0],
  ])('cannot have %d digits, %d after the point', (precision, scale) => {
    expect(() => Numeric(precision, scale)).toThrow(InvalidOptionError)
  })

  it('has 1 to 65 digits, all of which may stand after the point', () => {
    expect([Numeric(1, 0), Numeric(65, 0), Numeric(3, 3)].map(({ typeName }) => typeName)).toEqual([
      'Numeric(1, 0)',
      'Numeric(65, 0)',
      'Numeric(3, 3)',
    ])
    expect(Numeric(1, 0).accept('7')).toBe('7')
    expect(Numeric(3, 3).accept('0.125')).toBe('0.125')
  })

  it('keeps every digit, and fills up the zeros after the point', () => {
    fc.assert(
      fc.property(decimal(30, 10), (text) => {
        const kept = Numeric(30, 10).accept(text)
        expect(kept).toMatch(/^-?\d+\.\d{10}$/)
        expect(units(kept, 10)).toBe(units(text, 10))
      }),
    )
  })

  it('comes back as it went, from a client that gives text', () => {
    fc.assert(
      fc.property(decimal(30, 10), (text) => {
        const kept = Numeric(30, 10).accept(text)
        expect(roundTrip(Numeric(30, 10).storage('postgres'), kept)).toBe(kept)
      }),
    )
  })

  it('comes back as it went up to 15 digits, from a client that gives numbers, as SQLite', () => {
    fc.assert(
      fc.property(
        decimal(15, 2).filter((text) => !/^-0(\.0*)?$/.test(text)),
        (text) => {
          const kept = Numeric(15, 2).accept(text)
          expect(roundTrip(Numeric(15, 2).storage('sqlite'), kept, Number)).toBe(kept)
        },
      ),
    )
  })

  it('takes a number for its digits', () => {
    expect([1, 0.1, -2.5, 1e3, 123_456_789.12].map((value) => Numeric.accept(value))).toEqual([
      '1.00',
      '0.10',
      '-2.50',
      '1000.00',
      '123456789.12',
    ])
    expect(Numeric(20, 10).accept(1.5e-7)).toBe('0.0000001500')
  })

  it('refuses a number that it could only round', () => {
    expect(() => Numeric.accept(0.1 + 0.2)).toThrow('takes a decimal number of 18 digits, 2 of them after the point')
  })

  it('refuses what it cannot keep', () => {
    refusesAll(Numeric, [
      '1.234',
      '1e5',
      '1,5',
      '.5',
      '5.',
      '+1',
      '--1',
      ' 1',
      '1 ',
      '0x10',
      '١',
      `1${'0'.repeat(16)}`,
      1e21,
      1e300,
      10n,
      ...noNumbers,
    ])
  })

  it('without digits after the point is a whole number', () => {
    expect(Numeric(5, 0).accept('12345')).toBe('12345')
    expect(Numeric(5, 0).accept(-7)).toBe('-7')
    expect(() => Numeric(5, 0).accept('123456')).toThrow(TypeError)
  })

  it('leaves null alone', () => {
    expect(roundTrip(Numeric.storage('sqlite'), null)).toBeNull()
  })

  it('without digits after the point refuses a fraction, instead of cutting it off', () => {
    expect(() => Numeric(5, 0).accept('12.5')).toThrow(TypeError)
    expect(() => Numeric(5, 0).accept(12.5)).toThrow(TypeError)
  })

  it('with all its digits after the point refuses a whole part', () => {
    expect(Numeric(2, 2).accept('0.25')).toBe('0.25')
    expect(() => Numeric(2, 2).accept('5.25')).toThrow(TypeError)
  })

  it('refuses a number too small for its digits, instead of making it zero', () => {
    expect(() => Numeric.accept(1e-30)).toThrow(TypeError)
    expect(() => Numeric.accept(-5e-324)).toThrow(TypeError)
  })

  it('keeps every digit of a number that prints with an exponent', () => {
    expect(Numeric(40, 30).accept(-1.5e-27)).toBe('-0.000000000000000000000000001500')
    expect(Numeric(30, 2).accept(1.25e21)).toBe('1250000000000000000000.00')
  })

  it.each([
    ['007.5', '7.50'],
    ['-0', '0.00'],
    ['-0.00', '0.00'],
    ['-007.5', '-7.50'],
  ])('writes %s as databases do: %s', (value, text) => {
    expect(Numeric(18, 2).accept(value)).toBe(text)
  })
})
