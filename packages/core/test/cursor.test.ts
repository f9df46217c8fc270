import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { InvalidCursorError } from '../src/errors.js'
import { Cursors, type PlaceValue, placeText, wholeNumber } from '../src/pagination/cursor.js'

const value: fc.Arbitrary<PlaceValue> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.double({ noNaN: true }).map((number) => number + 0),
  fc.bigInt().map((big) => wholeNumber(`${big}`) ?? null),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.constant(null),
)

it.each([undefined, 'a secret'])('a place comes back as it was written, with the secret %s', (secret) => {
  const cursors = new Cursors(secret)
  fc.assert(
    fc.property(fc.string(), fc.array(value), (order, place) => {
      const cursor = cursors.write(order, place)
      expect(cursor).toMatch(/^[\w-]+$/)
      expect(placeText(cursors.read(order, cursor))).toBe(placeText(place))
      expect(new Cursors(secret).write(order, place)).toBe(cursor)
    }),
  )
})

it('anything else is refused, however it was made', () => {
  const cursors = new Cursors('a secret')
  const cursor = cursors.write('name', ['Ada', 7])
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => Buffer.from(text).toString('base64url')),
      ),
      (text) => {
        expect(() => cursors.read('name', text)).toThrow(InvalidCursorError)
      },
    ),
  )
  fc.assert(
    fc.property(fc.nat(Buffer.from(cursor, 'base64url').length * 8 - 1), (bit) => {
      const bytes = Buffer.from(cursor, 'base64url')
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => cursors.read('name', bytes.toString('base64url'))).toThrow('it was changed')
    }),
  )
  expect(() => cursors.read('title', cursor)).toThrow('another order')
  expect(() => new Cursors('another').read('name', cursor)).toThrow('it was changed')
  expect(() => new Cursors().read('name', cursor)).toThrow('it was changed')
})

it('equal places have one text, different ones never the same', () => {
  expect(placeText(['1'])).not.toBe(placeText([1]))
  expect(placeText(['a', 'b'])).not.toBe(placeText(['a,b']))
  expect(placeText([null])).not.toBe(placeText(['null']))
})
