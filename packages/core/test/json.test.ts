import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JSONType, LargeBinary } from '../src/types/index.js'

describe('JSONType', () => {
  it('takes whatever JSON can say, and gives the very same value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => JSONType.accept(value) === value))
  })

  it('can be called with a shape, which is the word of the application', () => {
    const tags = JSONType<string[]>()
    const value: string[] = tags.accept(['a', 'b'])
    expect(value).toEqual(['a', 'b'])
    expect(tags).toMatchObject({ kind: 'json', typeName: 'JSONType' })
  })

  it('may be changed in place, so that its content tells of a change', () => {
    expect(JSONType.mutable).toBe(true)
    expect(JSONType().mutable).toBe(true)
  })

  it('is json on a server, and text on SQLite, which would make numbers of digits', () => {
    for (const database of ['postgres', 'mysql'] as const) expect(JSONType.storage(database)).toEqual({ type: 'json' })
    expect(JSONType.storage('sqlite')).toMatchObject({ type: 'text' })
  })

  it.each(['\0', 'a\uD800', '\uDC00a'])('refuses the text %j, wherever it stands', (text) => {
    for (const value of [text, [text], { a: text }, { [text]: 1 }, { a: { toJSON: () => text } }]) {
      expect(() => JSONType.accept(value)).toThrow('without NUL')
    }
  })

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['infinity', { deep: [Number.POSITIVE_INFINITY] }],
    ['a bigint', { n: 1n }],
    ['a function', [() => 1]],
    ['a symbol', Symbol('x')],
    ['a hole of a list', [undefined]],
  ])('refuses %s', (_, value) => {
    expect(() => JSONType.accept(value)).toThrow('takes what JSON can say')
  })

  it('leaves out properties that are undefined, as JSON does', () => {
    const value = { a: 1, b: undefined }
    expect(JSONType.accept(value)).toBe(value)
  })

  it('takes an object that says itself what it is in JSON', () => {
    const value = { at: new Date(0), odd: { toJSON: () => 'x', n: 1n } }
    expect(JSONType.accept(value)).toBe(value)
  })

  it('refuses a cycle', () => {
    const cycle: { inner: unknown[] } = { inner: [] }
    cycle.inner.push(cycle)
    expect(() => JSONType.accept(cycle)).toThrow('a cycle')
  })

  it('takes one object in two places, which is no cycle', () => {
    const shared = { n: 1 }
    expect(() => JSONType.accept({ a: shared, b: [shared, shared] })).not.toThrow()
  })

  it('refuses what is nested too deeply with a TypeError, so that the client sees 422', () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    for (const depth of [32, 33, 20_000]) expect(() => JSONType.accept(nested(depth))).toThrow('at most 31 levels deep')
    expect(() => JSONType.accept(nested(31))).not.toThrow()
  })

  it.each([new Map([['a', 1]]), new Set([1]), Promise.resolve(1), /x/])('refuses %o, of which JSON would keep nothing', (value) => {
    expect(() => JSONType.accept(value)).toThrow(TypeError)
  })
})

describe('LargeBinary', () => {
  it('takes bytes, and gives the very same', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => LargeBinary.accept(bytes) === bytes))
    const buffer = Buffer.from('abc')
    expect(LargeBinary.accept(buffer)).toBe(buffer)
  })

  it.each(['abc', [1, 2], { 0: 1, length: 1 }, { type: 'Buffer', data: [1] }, new ArrayBuffer(2), null, 7])('refuses %o', (value) => {
    expect(() => LargeBinary.accept(value)).toThrow('takes bytes')
  })

  it('has a type of its own on each database, and may be changed in place', () => {
    expect((['sqlite', 'postgres', 'mysql'] as const).map((database) => LargeBinary.storage(database).type)).toEqual([
      'blob',
      'bytea',
      'longblob',
    ])
    expect(LargeBinary.mutable).toBe(true)
  })

  it('is base64 in JSON', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => Buffer.from(String(LargeBinary.toJSON?.(bytes)), 'base64').equals(bytes)))
  })
})
