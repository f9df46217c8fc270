import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { QueryFailedError } from 'typeorm'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { databaseError } from '../src/drivers/database-error.js'
import { CommitUnknownError, InvalidFilterError, InvalidOptionError, kindOf } from '../src/errors.js'
import { holdResponse } from '../src/http/hold-response.js'
import * as index from '../src/index.js'
import { column } from '../src/model/column.js'
import { resolveOptions } from '../src/options.js'
import { pageWindow, type WindowOptions } from '../src/pagination/page-window.js'
import { Scope, type ScopeMember } from '../src/scope/scope.js'
import { readIdentifier } from '../src/types/identifier.js'
import { EmailType, Integer, JSONType, Numeric } from '../src/types/index.js'
import { parseUri } from '../src/uri.js'

/** A database that is closed when its test ends. */
function opened(): ActiveAlchemy {
  const db = new ActiveAlchemy('sqlite://')
  onTestFinished(() => db.close())
  return db
}

/** Tests that fail today, each with the place and the remedy in the report of who wrote it. */

describe('page-window', () => {
  const oracle = (
    page: number,
    totalPages: number,
    { leftEdge = 2, leftCurrent = 3, rightCurrent = 4, rightEdge = 2 }: WindowOptions,
  ): (number | null)[] => {
    const shown: (number | null)[] = []
    let last = 0
    for (let number = 1; number <= totalPages; number++) {
      const isNear = number >= page - leftCurrent && number < page + rightCurrent
      if (!isNear && number > leftEdge && number <= totalPages - rightEdge) continue
      if (last + 1 !== number) shown.push(null)
      shown.push(number)
      last = number
    }
    return shown
  }

  it('shows the whole right edge when the page is beyond the end', () => {
    expect(pageWindow(28, 25)).toEqual([1, 2, null, 24, 25])
  })

  it('shows a right edge that begins before the neighbourhood', () => {
    expect(pageWindow(25, 25, { rightEdge: 6 })).toEqual([1, 2, null, 20, 21, 22, 23, 24, 25])
  })

  it("shows what the Python original's rule shows, for every window", () => {
    const size = fc.integer({ min: 0, max: 12 })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: -5, max: 90 }),
        size,
        size,
        size,
        size,
        (totalPages, page, leftEdge, leftCurrent, rightCurrent, rightEdge) => {
          const options = { leftEdge, leftCurrent, rightCurrent, rightEdge }
          expect(pageWindow(page, totalPages, options)).toEqual(oracle(page, totalPages, options))
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('Numeric', () => {
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
})

describe('EmailType', () => {
  it('refuses an address that lower case makes too long', () => {
    expect(() => EmailType(1).accept('İ')).toThrow('at most 1 characters')
  })
})

describe('JSONType', () => {
  it('refuses what is nested too deeply with a TypeError, so that the client sees 422', () => {
    const nested = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown
    expect(() => JSONType.accept(nested)).toThrow(TypeError)
  })

  it.each([new Map([['a', 1]]), new Set([1]), Promise.resolve(1), /x/])('refuses %o, of which JSON would keep nothing', (value) => {
    expect(() => JSONType.accept(value)).toThrow(TypeError)
  })
})

describe('a key', () => {
  it.each(['9223372036854775808', '-9223372036854775809', 2n ** 63n, 2n ** 100n])(
    '%o has more than 64 bits, so that no row can have it',
    (value) => {
      expect(readIdentifier('bigint', value)).toBeUndefined()
    },
  )

  it('may be the smallest whole number that the column takes', () => {
    expect(readIdentifier('integer', Integer.accept(-2_147_483_648))).toBe(-2_147_483_648)
  })

  it('that a client made to look like a class is told as any object', () => {
    const hostile = JSON.parse('{"constructor":{"name":{"toString":null,"valueOf":null}}}') as unknown
    expect(kindOf(hostile)).toMatch(/^An object/)
    expect(kindOf(JSON.parse('{"constructor":{"name":"<script>"}}'))).not.toContain('script')
  })
})

describe('the option queryClass', () => {
  it('refuses null as any other value that is no class', () => {
    expect(() => resolveOptions({ queryClass: null } as never)).toThrow(InvalidOptionError)
  })
})

describe('a URI', () => {
  const message = (uri: string): string => {
    try {
      return parseUri(uri).toString()
    } catch (error) {
      return (error as Error).message
    }
  }

  it('that is blank is told to be empty', () => {
    expect(message('   ')).toContain('it is empty')
  })

  it('without its host does not show its password as a port', () => {
    expect(message('postgresql://user:48151623')).not.toContain('48151623')
  })

  it('with a question mark in its password does not show the part before it', () => {
    expect(message('postgresql://user:48151623?x@host/name')).not.toContain('48151623')
    expect(message('postgresql://user:4815?a=b@host/name')).not.toContain('4815')
  })
})

describe('a refusal of the database', () => {
  const secret = 'hunter2@example.org'
  const origin = (): QueryFailedError =>
    new QueryFailedError(
      'INSERT INTO user (email) VALUES (?)',
      [secret],
      Object.assign(new Error(`Duplicate entry '${secret}' for key 'email'`), { sql: `… '${secret}'` }),
    )

  it('shows no value when it is inspected', () => {
    expect(inspect(databaseError(origin(), { kind: 'unique', columns: ['email'] }))).not.toContain(secret)
    expect(inspect(databaseError(new QueryFailedError('SELECT 1', [secret], new Error('odd')), undefined))).not.toContain(secret)
  })

  it('shows no value as the cause of an error of ours', () => {
    const cause = Object.assign(new Error('terminated'), { detail: `Key (email)=(${secret})` })
    expect(inspect(new CommitUnknownError('shop', cause))).not.toContain(secret)
  })
})

describe('a filter', () => {
  it('takes no key for a relation, neither by the path of its column', () => {
    const db = new ActiveAlchemy('sqlite://')
    class Country extends db.BaseModel('Country', { code: db.Column(db.String(2), { primary: true }) }) {}
    class City extends db.Model('City', { name: db.Column(db.String(25)) }) {
      static relations = this.relate({ country: db.ManyToOne(() => Country) })
      declare country: Country
    }
    expect(() => City.filter({ 'country.code': 'IS' } as never).getSql()).toThrow(InvalidFilterError)
  })
})

describe('BigInteger on SQLite', () => {
  it('is ordered and compared as a number', async () => {
    const db = opened()
    class Counter extends db.Model('Counter', { n: db.Column(db.BigInteger) }) {}
    await db.createAll()
    for (const n of [10n, 9n, 100n]) await Counter.create({ n })
    const counters = await Counter.query().orderBy('n', 'ASC').all()
    expect(counters.map(({ n }) => n)).toEqual([9n, 10n, 100n])
    expect(await Counter.query({ most: db.func.max('n') }).first()).toEqual({ most: 100n })
  })
})

describe('a column as a decorator', () => {
  it('compiled the standard way gives a message without a hole', () => {
    const standard = column(Integer) as unknown as (target: undefined, context: object) => void
    expect(() => standard(undefined, { kind: 'field', name: 'age' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('model  cannot') }),
    )
  })
})

describe('the package', () => {
  it('exports its public names, and no helper', () => {
    const names = Object.keys(index).filter((name) => !name.endsWith('Error'))
    expect(names.sort()).toEqual([
      'ActiveAlchemy',
      'BaseModel',
      'DateTime',
      'Expression',
      'Model',
      'Paginator',
      'Query',
      'RecordPromise',
      'Session',
      'Sql',
      'SqlQuery',
      'renderPagination',
    ])
  })
})
