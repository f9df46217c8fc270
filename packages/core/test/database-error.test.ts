import { inspect } from 'node:util'
import { QueryFailedError } from 'typeorm'
import { describe, expect, it } from 'vitest'
import {
  CheckError,
  DatabaseError,
  databaseError,
  type DatabaseFailure,
  DeadlockError,
  ForeignKeyError,
  LockTimeoutError,
  NotNullError,
  SerializationError,
  UniqueError,
} from '../src/drivers/database-error.js'

const secret = 'hunter2@example.org'

/** What a driver throws: values stand in its properties. */
class DriverError extends Error {
  readonly code = '23505'
  readonly detail = `Key (email)=(${secret}) already exists.`
  readonly sql = `INSERT INTO user (email) VALUES ('${secret}')`
  readonly errno = 1062
}

function failed(message = 'duplicate key value violates unique constraint'): QueryFailedError {
  return new QueryFailedError('INSERT INTO user (email) VALUES ($1)', [secret], new DriverError(message))
}

type Row = [failure: DatabaseFailure, Class: new (...values: never[]) => DatabaseError, code: string, status: number, message: RegExp]

const rows: readonly Row[] = [
  [{ kind: 'unique', columns: ['email'] }, UniqueError, 'UNIQUE', 409, /^A row with the same email exists\. Choose/],
  [{ kind: 'unique', columns: ['a', 'b'] }, UniqueError, 'UNIQUE', 409, /same a, b exists/],
  [{ kind: 'unique', columns: [] }, UniqueError, 'UNIQUE', 409, /same value exists/],
  [{ kind: 'not-null', columns: ['name'] }, NotNullError, 'NOT_NULL', 422, /^name must not be null\. Give/],
  [{ kind: 'foreign-key' }, ForeignKeyError, 'FOREIGN_KEY', 409, /refers to a record that does not exist.*first\.$/],
  [{ kind: 'check' }, CheckError, 'CHECK', 422, /breaks a check constraint/],
  [{ kind: 'deadlock' }, DeadlockError, 'DEADLOCK', 503, /deadlock\. Run it again/],
  [{ kind: 'serialization' }, SerializationError, 'SERIALIZATION', 503, /changed what this one had read\. Run it again/],
  [{ kind: 'lock-timeout' }, LockTimeoutError, 'LOCK_TIMEOUT', 503, /lock was not free in time\. Run/],
]

describe.each(rows)('%o', (failure, Class, code, status, message) => {
  const origin = failed()
  const error = databaseError(origin, failure)

  it(`is a ${Class.name} that answers ${status}, and still TypeORM's error`, () => {
    expect(error).toBeInstanceOf(Class)
    expect(error).toBeInstanceOf(DatabaseError)
    expect(error).toBeInstanceOf(QueryFailedError)
    expect(error).toMatchObject({ code, status, statusCode: status, expose: status < 500 })
  })

  it('states the fact, then the remedy', () => {
    expect(error.message).toMatch(message)
  })

  it('keeps the statement, its values and the error of the driver for who asks by name', () => {
    expect(error.query).toBe(origin.query)
    expect(error.parameters).toEqual([secret])
    expect(error.driverError).toBeInstanceOf(DriverError)
    expect(error.cause).toBe(error.driverError)
  })

  it('shows no value in its message, its stack, its keys or its JSON', () => {
    expect(`${error.message}${error.stack}${JSON.stringify(error)}${inspect(Object.entries(error))}`).not.toContain(secret)
    expect(Object.keys(error)).not.toContain('detail')
    expect(Object.keys(error)).not.toContain('sql')
  })
})

it('names the columns, for a form to mark', () => {
  expect(databaseError(failed(), { kind: 'unique', columns: ['email'] })).toMatchObject({ columns: ['email'] })
  expect(databaseError(failed(), { kind: 'not-null', columns: ['name'] })).toMatchObject({ columns: ['name'] })
})

describe('a refusal of another kind', () => {
  it('is the error of TypeORM itself, with its code and its message', () => {
    const origin = failed('no such table: user')
    expect(databaseError(origin, undefined)).toBe(origin)
    expect(origin).toMatchObject({ message: 'no such table: user', code: '23505' })
  })

  it('loses what would be printed, and keeps it for who asks by name', () => {
    const origin = databaseError(failed('no such table: user'), undefined)
    expect(`${JSON.stringify(origin)}${inspect(Object.entries(origin))}`).not.toContain(secret)
    expect([origin.parameters, origin.driverError.constructor]).toEqual([[secret], DriverError])
  })

  it('may come without an error of a driver', () => {
    const origin = new QueryFailedError('SELECT 1', undefined, new Error('odd'))
    Object.defineProperty(origin, 'driverError', { value: undefined, configurable: true })
    expect(databaseError(origin, undefined)).toBe(origin)
  })

  it('shows no value when it is inspected', () => {
    expect(inspect(databaseError(new QueryFailedError('SELECT 1', [secret], new Error('odd')), undefined))).not.toContain(secret)
  })
})

describe('the error of the driver', () => {
  const clean = (message: string, parameters: unknown[]): Error => {
    const cause = new DriverError(message)
    databaseError(new QueryFailedError('SELECT 1', parameters, cause), undefined, (text) => text.replace(/'.*'/, '…'))
    return cause
  }

  it('keeps its class, its code and number, and loses what may quote a row', () => {
    const cause = clean(`Duplicate entry '${secret}' for key`, [])
    expect(cause).toBeInstanceOf(DriverError)
    expect(cause).toMatchObject({ code: '23505', errno: 1062, message: 'Duplicate entry … for key' })
    expect(cause.stack).toContain('Duplicate entry … for key')
    expect(Object.getOwnPropertyNames(cause).map((name) => String(Reflect.get(cause, name)))).not.toContainEqual(
      expect.stringContaining(secret),
    )
  })

  it('shows nothing that was bound, wherever the message has it', () => {
    expect(clean(`cannot open ${secret} at all`, [1, secret]).message).toBe('cannot open … at all')
    expect(clean('time zone "Nar" at a day of Narnia', ['Nar']).message).toBe('time zone "…" at a day of Narnia')
    expect(clean('column a of table b', ['a', '', null, true, 'b']).message).toBe('column a of table b')
  })
})
