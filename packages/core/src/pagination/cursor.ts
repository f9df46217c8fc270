import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { InvalidCursorError } from '../errors.js'

/** A value by which rows are sorted, as a database gives it and takes it back. */
export type PlaceValue = string | number | bigint | Uint8Array | null

/** Where a row stands in an order: its values of the order's terms, one after the other. */
export type Place = readonly PlaceValue[]

const tagLength = 16
const digestLength = 6

/**
 * Writes places of an order as cursors, and reads them back.
 *
 * A cursor is a tag and what it vouches for: a digest of the order, and the values. The tag is an HMAC, and the rest is enciphered with
 * the tag as its nonce, so that one place has one cursor, and the values are for nobody to read.
 * Without a secret the keys are the same everywhere: the tag then tells of damage, and is no proof against who reads this file.
 */
export class Cursors {
  /** Whether nobody else can make cursors, or read what is in them. */
  readonly isSecret: boolean
  readonly #signing: Uint8Array
  readonly #enciphering: Uint8Array

  /** @param secret What all processes that read each other's cursors know. @default none */
  constructor(secret?: string) {
    this.isSecret = secret !== undefined
    const keys = new Uint8Array(hkdfSync('sha256', secret ?? '', '', 'active-alchemy cursor', 64))
    this.#signing = keys.subarray(0, 32)
    this.#enciphering = keys.subarray(32)
  }

  /** @param order The order, in words that no other order has. */
  write(order: string, place: Place): string {
    const body = Buffer.concat([digestOf(order), Buffer.from(placeText(place))])
    const tag = this.#tagOf(body)
    const cipher = createCipheriv('aes-256-ctr', this.#enciphering, tag)
    return Buffer.concat([tag, cipher.update(body), cipher.final()]).toString('base64url')
  }

  /** @throws {InvalidCursorError} It was changed, cut or made by hand, or is of another order. Status 400. */
  read(order: string, cursor: string): Place {
    const bytes = Buffer.from(cursor, 'base64url')
    // What is no base64url is passed over by Node: a cursor has one spelling.
    if (bytes.length < tagLength + digestLength || bytes.toString('base64url') !== cursor) throw new InvalidCursorError(damaged)
    const tag = bytes.subarray(0, tagLength)
    const decipher = createDecipheriv('aes-256-ctr', this.#enciphering, tag)
    const body = Buffer.concat([decipher.update(bytes.subarray(tagLength)), decipher.final()])
    if (!timingSafeEqual(tag, this.#tagOf(body))) throw new InvalidCursorError(damaged)
    if (!digestOf(order).equals(body.subarray(0, digestLength))) throw new InvalidCursorError('it belongs to another order')
    return placeOf(body.subarray(digestLength).toString())
  }

  #tagOf(body: Uint8Array): Buffer {
    return createHmac('sha256', this.#signing).update(body).digest().subarray(0, tagLength)
  }
}

const damaged = 'it was changed, or is none of this application'

function digestOf(order: string): Buffer {
  return createHash('sha256').update(order).digest().subarray(0, digestLength)
}

/** A place as text: the same for the same place, and for no other. */
export function placeText(place: Place): string {
  return JSON.stringify(
    place.map((value) => {
      if (value === null) return null
      if (typeof value === 'string') return `s${value}`
      return typeof value === 'object' ? `b${Buffer.from(value).toString('base64')}` : `n${value}`
    }),
  )
}

function placeOf(text: string): Place {
  const values: unknown = JSON.parse(text)
  if (!Array.isArray(values)) throw new InvalidCursorError(damaged)
  return values.map((value: unknown) => {
    if (value === null) return null
    const [, kind, rest = ''] = /^([sbn])(.*)$/s.exec(String(value)) ?? []
    if (kind === 'n') return wholeNumber(rest) ?? Number(rest)
    return kind === 'b' ? Buffer.from(rest, 'base64') : rest
  })
}

/** A whole number of any size from its digits; `undefined` of any other text. */
export function wholeNumber(digits: string): number | bigint | undefined {
  if (!/^-?\d+$/.test(digits)) return undefined
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : BigInt(digits)
}
