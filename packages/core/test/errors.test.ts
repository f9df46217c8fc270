import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as errors from '../src/errors.js'
import { ActiveAlchemyError, AnsweredError, type ErrorCode } from '../src/errors.js'
import { kindOf } from '../src/wording.js'

/** One row an error class: how it is made, and what it says. `status` is left out where no client sees the error. */
interface Row {
  readonly make: () => ActiveAlchemyError
  readonly code: ErrorCode
  readonly status?: number
  /** The fact, with its value. */
  readonly fact: string
  /** What to do about it. */
  readonly remedy: string
}

const first = new Error('first')

const rows: Readonly<Record<string, Row>> = {
  InvalidUriError: {
    make: () => new errors.InvalidUriError('the scheme oracle is not known'),
    code: 'INVALID_URI',
    fact: 'the scheme oracle is not known',
    remedy: 'Write sqlite:///file.db',
  },
  MissingDriverError: {
    make: () => new errors.MissingDriverError('pg', first),
    code: 'MISSING_DRIVER',
    fact: 'pg is not installed',
    remedy: 'Run: npm install pg',
  },
  MissingPackageError: {
    make: () => new errors.MissingPackageError('libphonenumber-js', 'PhoneNumberType()', first),
    code: 'MISSING_PACKAGE',
    fact: 'PhoneNumberType() needs the package libphonenumber-js, which is not installed',
    remedy: 'Run: npm install libphonenumber-js',
  },
  InvalidPageError: {
    make: () => new errors.InvalidPageError('A page of 0 items cannot be. Give a perPage from 1.'),
    code: 'INVALID_PAGE',
    status: 400,
    fact: 'A page of 0 items',
    remedy: 'Give a perPage',
  },
  InvalidCursorError: {
    make: () => new errors.InvalidCursorError('it belongs to another order'),
    code: 'INVALID_CURSOR',
    status: 400,
    fact: 'it belongs to another order',
    remedy: 'Begin at the start',
  },
  InvalidStatementError: {
    make: () => new errors.InvalidStatementError('it binds 70000 values, and PostgreSQL takes 65,535'),
    code: 'INVALID_STATEMENT',
    status: 400,
    fact: 'binds 70000 values',
    remedy: 'Give other values, or fewer',
  },
  InvalidOptionError: {
    make: () => new errors.InvalidOptionError('poolSize', 'a whole number from 1 to 1000', 0),
    code: 'INVALID_OPTION',
    fact: 'The option poolSize is 0',
    remedy: 'It takes a whole number from 1 to 1000.',
  },
  AlreadyConfiguredError: {
    make: () => new errors.AlreadyConfiguredError(),
    code: 'ALREADY_CONFIGURED',
    fact: 'configured or used already',
    remedy: 'Call configure(uri) once',
  },
  ModelDefinitionError: {
    make: () => new errors.ModelDefinitionError('User', 'it has no key', 'Give it one.'),
    code: 'MODEL_DEFINITION',
    fact: 'The model User cannot be used: it has no key',
    remedy: 'Give it one.',
  },
  NoScopeError: {
    make: () => new errors.NoScopeError('db.session'),
    code: 'NO_SCOPE',
    fact: 'db.session was called outside',
    remedy: 'db.run(fn)',
  },
  ScopeClosedError: {
    make: () => new errors.ScopeClosedError('POST /orders', 'committed'),
    code: 'SCOPE_CLOSED',
    fact: 'POST /orders is over (committed)',
    remedy: 'db.onCommit(fn), db.run(fn) or db.detach(fn)',
  },
  SandboxError: {
    make: () => new errors.SandboxError('The sandbox is over', 'Open another.'),
    code: 'SANDBOX',
    fact: 'The sandbox is over',
    remedy: 'Open another.',
  },
  NestedScopeError: {
    make: () => new errors.NestedScopeError('POST /orders'),
    code: 'NESTED_SCOPE',
    fact: 'POST /orders holds the connection',
    remedy: 'Use db.transaction(fn)',
  },
  SessionFailedError: {
    make: () => new errors.SessionFailedError(first, 'POST /orders'),
    code: 'SESSION_FAILED',
    fact: 'An earlier statement of POST /orders failed (first)',
    remedy: 'db.transaction(fn)',
  },
  ForeignSessionError: {
    make: () => new errors.ForeignSessionError('POST /orders', 'GET /users'),
    code: 'FOREIGN_SESSION',
    fact: 'The session of POST /orders was used in GET /users',
    remedy: 'Use db.session there',
  },
  TransactionControlError: {
    make: () => new errors.TransactionControlError('shop', 'COMMIT'),
    code: 'TRANSACTION_CONTROL',
    fact: 'COMMIT was sent as a statement to shop inside a scope',
    remedy: 'Call db.commit()',
  },
  WriteIgnoredError: {
    make: () => new errors.WriteIgnoredError('User', 'INSERT'),
    code: 'WRITE_IGNORED',
    fact: 'The INSERT of User was accepted and changed no row',
    remedy: 'Look at them',
    status: 500,
  },
  ForeignRecordError: {
    make: () => new errors.ForeignRecordError('User', 'POST /orders'),
    code: 'FOREIGN_RECORD',
    fact: 'A record of User belongs to another session',
    remedy: 'Load it again here',
  },
  TransactionEndedError: {
    make: () => new errors.TransactionEndedError(),
    code: 'TRANSACTION_ENDED',
    fact: 'had ended',
    remedy: 'Await every call inside it.',
  },
  TransactionOpenError: {
    make: () => new errors.TransactionOpenError('db.commit'),
    code: 'TRANSACTION_OPEN',
    fact: 'db.commit() was called inside db.transaction(fn)',
    remedy: 'throw to drop it',
  },
  DdlInScopeError: {
    make: () => new errors.DdlInScopeError('shop'),
    code: 'DDL_IN_SCOPE',
    fact: 'would commit the open transaction of shop',
    remedy: 'db.detach(fn)',
  },
  DecryptionError: {
    make: () => new errors.DecryptionError(),
    code: 'DECRYPTION_FAILED',
    fact: 'none of its keys fits',
    remedy: 'Add the key that it was written with',
  },
  DatabaseClosedError: {
    make: () => new errors.DatabaseClosedError('shop'),
    code: 'DATABASE_CLOSED',
    fact: 'The database shop has been closed',
    remedy: 'Make a new ActiveAlchemy',
  },
  UnsupportedError: {
    make: () => new errors.UnsupportedError('SKIP LOCKED', 'Use noWait.'),
    code: 'UNSUPPORTED',
    fact: 'SKIP LOCKED is not supported',
    remedy: 'Use noWait.',
  },
  MultipleRecordsError: {
    make: () => new errors.MultipleRecordsError('User'),
    code: 'MULTIPLE_RECORDS',
    status: 404,
    fact: 'More than one User matches',
    remedy: 'Narrow the filter',
  },
  RecordNotFoundError: {
    make: () => new errors.RecordNotFoundError('User', 42),
    code: 'RECORD_NOT_FOUND',
    status: 404,
    fact: 'User 42 was not found',
    remedy: 'It may have been deleted.',
  },
  InvalidIdentifierError: {
    make: () => new errors.InvalidIdentifierError('User', ['a', 'b']),
    code: 'INVALID_IDENTIFIER',
    status: 400,
    fact: 'An array of 2 is no key of User',
    remedy: 'Give the value of its primary key.',
  },
  InvalidFilterError: {
    make: () => errors.InvalidFilterError.ofValue('User', 'name', 'takes a string'),
    code: 'INVALID_FILTER',
    status: 400,
    fact: 'User cannot be filtered by name: it takes a string',
    remedy: "Give a value of the column's kind.",
  },
  InvalidValueError: {
    make: () => new errors.InvalidValueError('User', 'name', 'takes a string'),
    code: 'INVALID_VALUE',
    status: 422,
    fact: 'User.name takes a string',
    remedy: 'Give a value that fits the column.',
  },
  UnknownColumnError: {
    make: () => new errors.UnknownColumnError('User', 'nope', ['id', 'name']),
    code: 'UNKNOWN_COLUMN',
    status: 422,
    fact: 'User has no column nope',
    remedy: 'It has id, name.',
  },
  ProtectedColumnError: {
    make: () => new errors.ProtectedColumnError('User', 'id', 'the database makes it'),
    code: 'PROTECTED_COLUMN',
    status: 422,
    fact: 'User.id cannot be set: the database makes it',
    remedy: '{ unguarded: true }',
  },
  ConflictError: {
    make: () => new errors.ConflictError('Product.stock would fall below 0.'),
    code: 'CONFLICT',
    status: 409,
    fact: 'Product.stock would fall below 0.',
    remedy: 'Read the record again',
  },
  StaleRecordError: {
    make: () => new errors.StaleRecordError('Note', 7),
    code: 'STALE_RECORD',
    status: 409,
    fact: 'Note 7 was changed by another since it was read',
    remedy: 'Read it again, by reload()',
  },
  PreconditionFailedError: {
    make: () => new errors.PreconditionFailedError('Note', 7),
    code: 'PRECONDITION_FAILED',
    status: 412,
    fact: 'Note 7 is not in the state that If-Match names',
    remedy: 'Get it again, with its ETag',
  },
  PoolTimeoutError: {
    make: () => new errors.PoolTimeoutError('shop', 5000),
    code: 'POOL_TIMEOUT',
    status: 503,
    fact: 'No connection of shop came free within 5000 ms',
    remedy: 'Raise poolSize',
  },
  NestedTransactionTimeoutError: {
    make: () => new errors.NestedTransactionTimeoutError(5000),
    code: 'NESTED_TRANSACTION_TIMEOUT',
    status: 503,
    fact: 'waited 5000 ms',
    remedy: 'must not wait for each other',
  },
  TransactionTimeoutError: {
    make: () => new errors.TransactionTimeoutError(30000),
    code: 'TRANSACTION_TIMEOUT',
    status: 503,
    fact: 'open for 30000 ms',
    remedy: 'raise transactionTimeoutMs',
  },
  ConnectionFailedError: {
    make: () => new errors.ConnectionFailedError('shop', first),
    code: 'CONNECTION_FAILED',
    status: 503,
    fact: 'No connection to shop could be opened',
    remedy: 'Look whether the server runs',
  },
  ConnectionLostError: {
    make: () => new errors.ConnectionLostError('shop', first),
    code: 'CONNECTION_LOST',
    status: 503,
    fact: 'The connection to shop was lost',
    remedy: 'Try again.',
  },
  CommitUnknownError: {
    make: () => new errors.CommitUnknownError('shop', first),
    code: 'COMMIT_UNKNOWN',
    status: 503,
    fact: 'The connection to shop was lost before its commit was answered',
    remedy: 'Look before you try again.',
  },
  RolledBackError: {
    make: () => new errors.RolledBackError('shop'),
    code: 'ROLLED_BACK',
    status: 500,
    fact: 'shop rolled the transaction back',
    remedy: 'Look for a statement whose error was swallowed.',
  },
  CommitError: {
    make: () => new errors.CommitError(['shop'], ['stock', 'log'], first),
    code: 'COMMIT_FAILED',
    status: 500,
    fact: 'shop committed, but stock, log did not',
    remedy: 'Repair the difference by hand',
  },
}

it('has a row here for every error class that it exports', () => {
  const isError = (value: unknown): boolean =>
    typeof value === 'function' && value.prototype instanceof ActiveAlchemyError && value !== AnsweredError
  const classes = Object.entries(errors).filter(([, value]) => isError(value))
  expect(classes.map(([name]) => name).sort()).toEqual(Object.keys(rows).sort())
})

it('gives each class a code of its own', () => {
  const codes = Object.values(rows).map(({ make }) => make().code)
  expect(new Set(codes).size).toBe(codes.length)
})

describe.each(Object.entries(rows))('%s', (name, { make, code, fact, remedy }) => {
  it(`carries the code ${code} and its own name`, () => {
    const error = make()
    expect(error).toMatchObject({ code, name })
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(ActiveAlchemyError)
    expect(error).toBeInstanceOf(Reflect.get(errors, name))
  })

  it('states the fact with its value, then the remedy', () => {
    const { message } = make()
    expect(message).toContain(fact)
    expect(message.indexOf(remedy)).toBeGreaterThan(message.indexOf(fact))
  })
})

describe('an error for the programmer', () => {
  const silent = Object.entries(rows).filter(([, { status }]) => status === undefined)

  it.each(silent)('knows no status: %s', (_, { make }) => {
    expect(make()).not.toBeInstanceOf(AnsweredError)
    expect(make()).not.toHaveProperty('status')
  })
})

describe('an error that is answered', () => {
  const answered = Object.entries(rows).flatMap(([name, { make, status }]) => (status === undefined ? [] : [[name, status, make] as const]))

  it.each(answered)('%s answers %d, with its message below 500', (_, status, make) => {
    expect(make()).toBeInstanceOf(AnsweredError)
    expect(make()).toMatchObject({ status, statusCode: status, expose: status < 500 })
  })
})

describe('a cause', () => {
  const caused: readonly ActiveAlchemyError[] = [
    new errors.MissingDriverError('pg', first),
    new errors.MissingPackageError('argon2', 'PasswordType()', first),
    new errors.SessionFailedError(first, 'db.run'),
    new errors.ConnectionFailedError('shop', first),
    new errors.ConnectionLostError('shop', first),
    new errors.CommitUnknownError('shop', first),
    new errors.RolledBackError('shop', first),
    new errors.CommitError(['a'], ['b'], first),
  ]

  it.each(caused.map((error) => [error.name, error] as const))('is kept by %s, and is not enumerable', (_, error) => {
    expect(error.cause).toBe(first)
    expect(Object.keys(error)).not.toContain('cause')
    expect(JSON.stringify(error)).not.toContain('first')
  })

  it('is absent where there is none', () => {
    expect('cause' in new errors.RolledBackError('shop')).toBe(false)
  })
})

describe('what an error tells beside its message', () => {
  it('names the column that a value does not fit', () => {
    expect(new errors.InvalidValueError('User', 'name', 'takes a string').column).toBe('name')
    expect(new errors.UnknownColumnError('User', 'nope', []).column).toBe('nope')
    expect(new errors.ProtectedColumnError('User', 'id', 'it is the key').column).toBe('id')
  })

  it('names the databases that committed and those that did not', () => {
    expect(new errors.CommitError(['a'], ['b', 'c'], first)).toMatchObject({ committed: ['a'], failed: ['b', 'c'] })
  })

  it('quotes the first failure of a failed session, also when it was no error', () => {
    expect(new errors.SessionFailedError('a string', 'db.run').message).toContain('(a string)')
  })

  it('leaves the key out of a message about a record that was found by none', () => {
    expect(new errors.RecordNotFoundError('User').message).toBe('User was not found. It may have been deleted.')
    expect(new errors.RecordNotFoundError('User', null).message).toContain('User null was not found')
  })

  it('shows a key that a client sent, whatever it is', () => {
    const message = (id: unknown): string => new errors.RecordNotFoundError('User', id).message
    expect(message(JSON.parse('{"a":1,"toString":null}'))).toMatch(/^User \{ a: 1, toString: null \} was not found/)
    expect(message('x'.repeat(1_000)).length).toBeLessThan(130)
  })
})

describe('secrets', () => {
  const secret = fc.string({ minLength: 8, maxLength: 40 }).map((text) => `s3cret-${text}`)

  it('never shows the text of a key that a client sent', () => {
    fc.assert(
      fc.property(secret, (text) => {
        const error = new errors.InvalidIdentifierError('User', text)
        expect(`${error.message}${inspect(Object.entries(error))}${JSON.stringify(error)}`).not.toContain(text)
      }),
    )
  })

  it('shows of an object in an option only its outline', () => {
    const error = new errors.InvalidOptionError('models', 'a list', { connection: { password: 'hunter2' } })
    expect(error.message).not.toContain('hunter2')
  })

  it('cuts a long text in an option', () => {
    expect(new errors.InvalidOptionError('name', 'a short text', 'x'.repeat(5_000)).message.length).toBeLessThan(250)
  })

  it('are not shown of a cause', () => {
    const secret = 'hunter2@example.org'
    const cause = Object.assign(new Error('terminated'), { code: '57P01', detail: `Key (email)=(${secret})` })
    const text = inspect(new errors.CommitUnknownError('shop', cause))
    expect(text).not.toContain(secret)
    expect(text).toContain("code: 'COMMIT_UNKNOWN'")
    expect(text).toContain('cause: [Error: 57P01]')
  })

  it('are not shown of the cause of a cause', () => {
    const cause = new errors.ConnectionLostError('shop', Object.assign(new Error('gone'), { detail: 'hunter2' }))
    const text = inspect(new errors.SessionFailedError(cause, 'GET /'))
    expect(text).toContain('ConnectionLostError')
    expect(text).not.toContain('hunter2')
  })
})

describe('kindOf', () => {
  it.each<[unknown, string]>([
    [null, 'null'],
    [[1, 2, 3], 'an array of 3'],
    ['secret', 'a string of 6 characters'],
    [1.5, 'the number 1.5'],
    [{}, 'an object'],
    [new Map(), 'an object of Map'],
    [Object.create(null), 'an object'],
    [undefined, 'undefined'],
    ['x', 'a string of 1 character'],
    [Number.NaN, 'a number that is not finite'],
    [true, 'a boolean'],
    [() => 1, 'a function'],
  ])('says of %o: %s', (value, kind) => {
    expect(kindOf(value)).toBe(kind)
  })

  it('tells what a client made to look like a class as any object', () => {
    const hostile = JSON.parse('{"constructor":{"name":{"toString":null,"valueOf":null}}}') as unknown
    expect(kindOf(hostile)).toMatch(/^an object/)
    expect(kindOf(JSON.parse('{"constructor":{"name":"<script>"}}'))).not.toContain('script')
  })
})

describe('an error', () => {
  it('is one in whatever realm it was made, as jest has one for each file of tests', () => {
    const elsewhere: unknown = runInNewContext(`new RangeError('elsewhere')`)
    // better-sqlite3 makes its errors by a function, of the realm that loaded it first.
    const native: unknown = runInNewContext(`const SqliteError = function () { Error.captureStackTrace(this); this.message = 'locked' };
      SqliteError.prototype = Object.create(Error.prototype); new SqliteError()`)
    expect([elsewhere instanceof Error, native instanceof Error]).toEqual([false, false])
    expect([new TypeError('here'), elsewhere, native].map(errors.isError)).toEqual([true, true, true])
    expect([undefined, null, 'message', { message: 'stack' }, () => undefined].map(errors.isError)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
  })
})
