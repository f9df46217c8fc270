import { beforeEach, describe, expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { ConflictError, RecordNotFoundError } from '../src/errors.js'
import { RecordPromise } from '../src/model/record-promise.js'

const db = new ActiveAlchemy('sqlite://')

class Product extends db.Model('Product', { name: db.Column(db.Text), stock: db.Column(db.Integer, { default: 5 }) }) {}

beforeEach(async () => {
  await db.dropAll()
  await db.createAll()
  await Product.create({ name: 'lamp' })
})

describe('a chain', () => {
  it('calls each verb on the record of the one before', async () => {
    const product = await Product.get(1).update({ name: 'desk lamp' }).increment('stock', 3).decrement('stock').reload().save()
    expect(product).toMatchObject({ name: 'desk lamp', stock: 7 })
  })

  it('deletes and restores', async () => {
    expect((await Product.get(1).delete()).isDeleted).toBe(true)
    expect((await Product.get(1, { includeDeleted: true }).restore()).isDeleted).toBe(false)
    expect((await Product.get(1).delete().delete(false)).isDeleted).toBe(false)
  })

  it('gives the values at its end', async () => {
    expect(await Product.get(1).toDict()).toMatchObject({ id: 1, name: 'lamp', stock: 5 })
  })

  it('ends with the first error, and does no more', async () => {
    await expect(Product.get(1).decrement('stock', 9, { min: 0 }).update({ name: 'never' })).rejects.toThrow(ConflictError)
    expect((await Product.get(1))?.name).toBe('lamp')
  })

  it.each<[string, () => Promise<unknown>]>([
    ['update', () => Product.get(404).update({ name: 'x' })],
    ['delete', () => Product.get(404).delete()],
    ['restore', () => Product.get(404).restore()],
    ['toDict', () => Product.get(404).toDict()],
  ])('on a record that does not exist is not found: %s', async (_, call) => {
    await expect(call()).rejects.toThrow(RecordNotFoundError)
  })

  it.each<[string, () => Promise<unknown>, string]>([
    ['get', () => Product.get(345).delete(), 'Product 345 was not found'],
    ['get by what can be no key', () => Product.get('abc').delete(), 'Product abc was not found'],
    ['get without a key', () => Product.get(null).delete(), 'Product was not found'],
    ['first', () => Product.first({ name: 'x' }).delete(), 'Product was not found'],
    ['the session', () => db.run(() => db.session.get(Product, 345).delete()), 'Product 345 was not found'],
  ])('says what was not found: %s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(message)
  })

  it('has begun when it exists, and is waited for by its scope', async () => {
    await db.run(async () => {
      void Product.get(1).update({ name: 'begun' }).increment('stock')
    })
    expect(await Product.get(1)).toMatchObject({ name: 'begun', stock: 6 })
  })
})

it('gives ordinary promises from then, which need not be of a record', async () => {
  const promise = Product.get(1)
  const name = promise.then((product) => product?.name)
  expect(promise).toBeInstanceOf(RecordPromise)
  expect(name).not.toBeInstanceOf(RecordPromise)
  expect(await name).toBe('lamp')
})

describe('getOrError', () => {
  it('takes the options of get, alone or after what to throw', async () => {
    await Product.get(1).delete()
    await expect(Product.getOrError(1)).rejects.toThrow('Product 1 was not found')
    await expect(Product.getOrError(1, { forUpdate: true })).rejects.toThrow(RecordNotFoundError)
    expect(await Product.getOrError(1, { includeDeleted: true })).toMatchObject({ id: 1 })
    expect(await Product.getOrError(1, undefined, { onlyDeleted: true })).toMatchObject({ id: 1 })
    expect(await Product.getOrError(1, RangeError, { includeDeleted: true, forUpdate: true })).toMatchObject({ id: 1 })
    await expect(Product.getOrError(1, RangeError, { forUpdate: true })).rejects.toThrow(RangeError)
    expect(await Product.getOrError(1, () => 'nobody')).toBe('nobody')
  })
})
