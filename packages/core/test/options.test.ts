import { afterEach, describe, expect, it } from 'vitest'
import { InvalidOptionError } from '../src/errors.js'
import {
  type ActiveAlchemyOptions,
  callback,
  finiteNumber,
  flag,
  oneWordOf,
  readOptions,
  resolveOptions,
  wholeNumber,
} from '../src/options.js'

const resolve = (options: object): unknown => resolveOptions(options as ActiveAlchemyOptions)

const everyObject: object = Object.prototype

it('has a default for every option', () => {
  expect(resolveOptions()).toEqual({
    echo: false,
    poolSize: undefined,
    poolTimeoutMs: 5_000,
    poolRecycleMs: undefined,
    transactionTimeoutMs: 30_000,
    commit: 'request',
    outsideScope: 'report',
    models: [],
    queryClass: undefined,
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

it.each([
  ['pool', 'poolSize'],
  ['pool_size', 'poolSize'],
  ['poolTimeout', 'poolTimeoutMs'],
  ['eco', 'echo'],
  ['comit', 'commit'],
  ['query_class', 'queryClass'],
])('asks whether %s is to mean %s', (name, meant) => {
  expect(() => resolve({ [name]: 1 })).toThrow(`The option ${name} is unknown. Did you mean ${meant}? It takes app, echo,`)
})

it.each(['url', 'sessionClass', 'x'.repeat(10_000)])('does not guess where no name is near: %.20s', (name) => {
  expect(() => resolve({ [name]: 1 })).toThrow(/is unknown\. It takes app/)
  expect(() => resolve({ [name]: 1 })).not.toThrow(/x{100}/)
})

it.each([null, 5, 'echo', [true], () => true])('takes an object, not %o', (options) => {
  expect(() => resolveOptions(options as never)).toThrow(InvalidOptionError)
})

describe('any options', () => {
  const known = { force: flag, size: wholeNumber(1), mode: oneWordOf('a', 'b', 'c'), min: finiteNumber, hook: callback() }

  afterEach(() => {
    for (const name of Object.keys(known)) Reflect.deleteProperty(everyObject, name)
  })

  it('are read by what the object has itself, and give nothing else', () => {
    Reflect.defineProperty(everyObject, 'force', { value: true, configurable: true, enumerable: true, writable: true })
    for (const given of [undefined, {}, { size: 3 }, Object.create({ force: true })]) {
      const { force = false } = readOptions(known, given)
      expect(force).toBe(false)
    }
  })

  it('that are undefined are not given', () => {
    expect(Object.keys(readOptions(known, { force: undefined, size: 1 }))).toEqual(['size'])
  })

  it.each([
    ['force', 1, 'The option force of get() is 1. It takes true or false.'],
    ['size', '1', 'The option size of get() is a string of 1 character. It takes a whole number from 1.'],
    ['mode', 'd', "The option mode of get() is 'd'. It takes 'a', 'b' or 'c'."],
    ['min', Number.NaN, 'The option min of get() is NaN. It takes a finite number.'],
    ['hook', {}, 'The option hook of get() is {}. It takes a function.'],
    ['forced', true, 'The option forced of get() is unknown. Did you mean force? get() takes force, size, mode, min, hook.'],
  ])('are refused with whose they are: %s = %o', (name, value, message) => {
    expect(() => readOptions(known, { [name]: value }, 'get()')).toThrow(message)
  })

  it('named as what every object has are unknown as well', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect(() => readOptions(known, JSON.parse(`{"${name}": 1}`))).toThrow(`The option ${name} is unknown.`)
    }
  })
})
