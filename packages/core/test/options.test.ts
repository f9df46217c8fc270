import { describe, expect, it } from 'vitest'
import { InvalidOptionError } from '../src/errors.js'
import { type ActiveAlchemyOptions, resolveOptions } from '../src/options.js'
import { Query } from '../src/query/query.js'

const resolve = (options: object): unknown => resolveOptions(options as ActiveAlchemyOptions)

it('has a default for every option', () => {
  expect(resolveOptions()).toEqual({
    echo: false,
    poolSize: undefined,
    poolTimeoutMs: 5_000,
    poolRecycleMs: undefined,
    transactionTimeoutMs: 30_000,
    commit: 'request',
    models: [],
    queryClass: Query,
    name: undefined,
    typeorm: {},
  })
})

it('takes what is given, and the default for what is undefined', () => {
  expect(resolve({ echo: true, poolSize: 7, poolTimeoutMs: undefined, commit: 'save', name: 'shop' })).toMatchObject({
    echo: true,
    poolSize: 7,
    poolTimeoutMs: 5_000,
    commit: 'save',
    name: 'shop',
  })
})

it('cannot be changed afterwards', () => {
  expect(Object.isFrozen(resolveOptions({ poolSize: 3 }))).toBe(true)
})

it('leaves the given object alone', () => {
  const given: ActiveAlchemyOptions = Object.freeze({ poolSize: 3 })
  resolveOptions(given)
  expect(given).toEqual({ poolSize: 3 })
})

describe('a number', () => {
  const bounds: readonly [name: string, smallest: number, largest: number][] = [
    ['poolSize', 1, 1_000],
    ['poolTimeoutMs', 1, 2 ** 31 - 1],
    ['poolRecycleMs', 0, 2 ** 31 - 1],
    ['transactionTimeoutMs', 1, 2 ** 31 - 1],
  ]

  it.each(bounds)('%s goes from %d to %d', (name, smallest, largest) => {
    for (const value of [smallest, largest]) expect(resolve({ [name]: value })).toMatchObject({ [name]: value })
    for (const value of [smallest - 1, largest + 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, {}]) {
      expect(() => resolve({ [name]: value })).toThrow(InvalidOptionError)
    }
  })

  it('that is wrong is told with its name, its value and what it takes', () => {
    expect(() => resolve({ poolSize: 0 })).toThrow('The option poolSize is 0. It takes a whole number from 1 to 1000.')
  })
})

it.each([
  ['commit', 'never'],
  ['commit', null],
  ['echo', 'yes'],
  ['echo', 1],
])('refuses %s: %o', (name, value) => {
  expect(() => resolve({ [name]: value })).toThrow(new RegExp(`The option ${name} is`))
})

it.each(['pool_size', 'poolsize', 'url', 'toString'])('refuses the unknown option %s, and lists those it knows', (name) => {
  expect(() => resolve({ [name]: 1 })).toThrow(InvalidOptionError)
  expect(() => resolve({ [name]: 1 })).toThrow(/poolSize, poolTimeoutMs/)
})

describe('queryClass', () => {
  it('is a class that extends Query', () => {
    class OwnQuery extends Query<object> {}
    expect(resolve({ queryClass: OwnQuery })).toMatchObject({ queryClass: OwnQuery })
  })

  it.each([
    Object,
    () => Query,
    class {
      readonly no = true
    },
    {},
    'Query',
  ])('is not %o', (queryClass) => {
    expect(() => resolve({ queryClass })).toThrow(InvalidOptionError)
    expect(() => resolve({ queryClass })).toThrow('It takes a class that extends Query.')
  })

  it('refuses null as any other value that is no class', () => {
    expect(() => resolve({ queryClass: null })).toThrow(InvalidOptionError)
  })
})
