import { QueryFailedError } from 'typeorm'
import { beforeEach, describe, expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { DeadlockError, LockTimeoutError, SerializationError } from '../src/drivers/database-error.js'
import { InvalidOptionError, SessionFailedError } from '../src/errors.js'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', { name: db.Column(db.Text) }) {}

const origin = new QueryFailedError('UPDATE user', [], new Error('deadlock'))
const names = async (): Promise<string[]> => (await User.query().all()).map(({ name }) => name)

beforeEach(async () => {
  await db.dropAll()
  await db.createAll()
})

/** Work that writes a row and fails with `error` the first `times` times. */
function failing(error: unknown, times: number): { readonly work: () => Promise<number>; attempts: number } {
  const state = {
    attempts: 0,
    work: async (): Promise<number> => {
      state.attempts += 1
      await User.create({ name: `attempt ${state.attempts}` })
      if (state.attempts <= times) throw error
      return state.attempts
    },
  }
  return state
}

describe('outside any scope', () => {
  it('is a scope of its own: kept when it resolves, dropped when it rejects', async () => {
    await db.transaction(() => User.create({ name: 'kept' }))
    await expect(db.transaction(failing(new Error('boom'), 1).work)).rejects.toThrow('boom')
    expect(await names()).toEqual(['kept'])
  })

  it.each([
    ['a deadlock', new DeadlockError(origin)],
    ['a serialization failure', new SerializationError(origin)],
    ['a session that failed by a deadlock', new SessionFailedError(new DeadlockError(origin), 'db.transaction')],
  ])('runs again after %s, as often as it is told, and keeps only the last', async (_, error) => {
    const { work } = failing(error, 2)
    expect(await db.transaction(work, { retries: 2 })).toBe(3)
    expect(await names()).toEqual(['attempt 3'])
  })

  it('gives up with the error when that was not often enough', async () => {
    const error = new DeadlockError(origin)
    const state = failing(error, 3)
    await expect(db.transaction(state.work, { retries: 1 })).rejects.toBe(error)
    expect(state.attempts).toBe(2)
    expect(await names()).toEqual([])
  })

  it.each([
    ['what another run would not change', new Error('boom')],
    ['a lock that was not free, which undoes nothing on this database', new LockTimeoutError(origin)],
  ])('does not run again after %s', async (_, error) => {
    const state = failing(error, 1)
    await expect(db.transaction(state.work, { retries: 5 })).rejects.toBe(error)
    expect(state.attempts).toBe(1)
  })

  it('does not run again unless it is told', async () => {
    const state = failing(new DeadlockError(origin), 1)
    await expect(db.transaction(state.work)).rejects.toThrow(DeadlockError)
    expect(state.attempts).toBe(1)
  })
})

describe('inside a scope', () => {
  it('is a savepoint, whose failure loses nothing else', async () => {
    await db.run(async () => {
      await User.create({ name: 'before' })
      await expect(db.transaction(failing(new Error('boom'), 1).work)).rejects.toThrow('boom')
      await db.transaction(() => User.create({ name: 'after' }))
    })
    expect(await names()).toEqual(['before', 'after'])
  })

  it('has no options of its own', async () => {
    await db.run(async () => {
      await expect(db.transaction(async () => 1, { retries: 1 })).rejects.toThrow(InvalidOptionError)
      await expect(db.transaction(async () => 1, { isolation: 'SERIALIZABLE' })).rejects.toThrow('none inside a scope')
      expect(await db.transaction(async () => 1, { retries: 0 })).toBe(1)
    })
  })
})

it.each([-1, 1.5, 21, Number.NaN])('cannot be run again %d times', async (retries) => {
  await expect(db.transaction(async () => 1, { retries })).rejects.toThrow('a whole number from 0 to 20')
})
