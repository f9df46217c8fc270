import { inspect } from 'node:util'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import {
  AlreadyConfiguredError,
  DatabaseClosedError,
  InvalidOptionError,
  InvalidUriError,
  NoScopeError,
  UnsupportedError,
} from '../src/errors.js'
import { Query } from '../src/query/query.js'
import * as types from '../src/types/index.js'

/** A database that is closed when its test ends. */
function opened(): ActiveAlchemy {
  const db = new ActiveAlchemy('sqlite://')
  onTestFinished(() => db.close())
  return db
}

afterEach(() => vi.restoreAllMocks())

describe('a database', () => {
  it('is made of a URI and options, which are checked at once', () => {
    for (const uri of ['oracle://host', 'postgresql://host/shop?sslmod=require', 'mysql://host/shop?ssl-cat=x']) {
      expect(() => new ActiveAlchemy(uri)).toThrow(InvalidUriError)
      expect(() => new ActiveAlchemy().configure(uri)).toThrow(InvalidUriError)
    }
    expect(() => new ActiveAlchemy('sqlite://', { poolSize: 0 })).toThrow(InvalidOptionError)
    expect(() => new ActiveAlchemy('sqlite://')).not.toThrow()
  })

  it('whose URI is undefined asks for DATABASE_URL', () => {
    expect(() => new ActiveAlchemy(undefined as unknown as string)).toThrow('is DATABASE_URL set?')
  })

  it('opens nothing until it is used', () => {
    expect(new ActiveAlchemy('sqlite:////no/such/folder/shop.db').dataSource.isInitialized).toBe(false)
  })

  it('shows no password, however it is printed', () => {
    const db = new ActiveAlchemy('postgresql://user:hunter2@host/shop')
    expect([inspect(db), JSON.stringify({ db })]).toEqual([
      'ActiveAlchemy(postgresql://user:***@host/shop)',
      '{"db":"postgresql://user:***@host/shop"}',
    ])
  })

  it('has every data type by name, and all of them in utils', () => {
    const db = new ActiveAlchemy('sqlite://')
    for (const [name, type] of Object.entries(types)) {
      expect([Reflect.get(db, name), Reflect.get(db.utils, name)]).toEqual([type, type])
    }
  })

  it('tells the present in UTC', () => {
    expect(new ActiveAlchemy('sqlite://').utcnow().zoneName).toBe('UTC')
  })
})

describe('a database without a URI', () => {
  it('lives in memory, and warns once', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const db = new ActiveAlchemy()
    onTestFinished(() => db.close())
    expect(warned).not.toHaveBeenCalled()
    expect(await db.sql`select 1 as n`).toEqual([{ n: 1 }])
    expect(await db.sql`select 2 as n`).toEqual([{ n: 2 }])
    expect(warned).toHaveBeenCalledTimes(1)
    expect(warned.mock.calls[0]?.[0]).toMatch(/lives in memory.*configure\(uri\)/)
  })

  it('may be configured late, when its models are defined already, and once', async () => {
    const db = new ActiveAlchemy()
    class User extends db.Model('User', { name: db.Column(db.Text) }) {}
    expect(db.configure('sqlite:///:memory:', { name: 'shop' })).toBe(db)
    await db.createAll()
    expect((await User.create({ name: 'a' })).id).toBe(1)
    expect(() => db.configure('sqlite://')).toThrow(AlreadyConfiguredError)
    await db.close()
  })

  it('knows no application: those are for the packages of the frameworks', () => {
    expect(() => new ActiveAlchemy('sqlite://', { app: {} } as never)).toThrow(InvalidOptionError)
    expect(() => new ActiveAlchemy().configure('sqlite://', { app: {} } as never)).toThrow('The option app')
    expect(() => new ActiveAlchemy('sqlite://', null as never)).toThrow('The options are null')
  })

  it('takes a class of queries that extends Query, and no other', () => {
    class Own extends Query<object> {}
    expect(new ActiveAlchemy('sqlite://', { queryClass: Own }).queryClass).toBe(Own)
    expect(new ActiveAlchemy().configure('sqlite://', { queryClass: Own }).queryClass).toBe(Own)
    expect(new ActiveAlchemy('sqlite://').queryClass).toBe(Query)
    for (const queryClass of [Object, () => Query, ActiveAlchemy, {}, 'Query', null]) {
      expect(() => new ActiveAlchemy('sqlite://', { queryClass } as never)).toThrow('It takes a class that extends Query.')
    }
  })

  it('checks what it is configured with', () => {
    expect(() => new ActiveAlchemy().configure(undefined as unknown as string)).toThrow('is DATABASE_URL set?')
    expect(() => new ActiveAlchemy().configure('sqlite://', { echo: 1 } as never)).toThrow(InvalidOptionError)
    expect(() => new ActiveAlchemy('sqlite://').configure('sqlite://')).toThrow(AlreadyConfiguredError)
  })

  it('prints as what it is', () => {
    expect(inspect(new ActiveAlchemy())).toBe('ActiveAlchemy(sqlite://)')
  })
})

describe('outside any scope', () => {
  const db = new ActiveAlchemy('sqlite://')

  it.each<[string, () => unknown]>([
    ['db.session', () => db.session],
    ['db.add()', () => db.add({})],
    ['db.onCommit()', () => db.onCommit(() => undefined)],
  ])('%s is an error that says how to get one', (name, use) => {
    expect(use).toThrow(NoScopeError)
    expect(use).toThrow(name)
    expect(use).toThrow('db.run(fn)')
  })

  it.each<[string, () => Promise<void>]>([
    ['db.flush()', () => db.flush()],
    ['db.commit()', () => db.commit()],
    ['db.rollback()', () => db.rollback()],
  ])('%s rejects with one', async (name, use) => {
    await expect(use()).rejects.toThrow(NoScopeError)
    await expect(use()).rejects.toThrow(name)
  })
})

describe('a scope of the database', () => {
  it('is opened by run, and left by detach', async () => {
    const db = opened()
    class User extends db.Model('User', { name: db.Column(db.Text) }) {}
    await db.createAll()
    const order: string[] = []
    await db.run(async () => {
      const { session } = db
      expect(db.session).toBe(session)
      db.onCommit(() => order.push('committed'))
      db.add(new User({ name: 'added' }))
      await db.flush()
      expect(() => db.detach(() => db.session)).toThrow(NoScopeError)
      order.push('worked')
    })
    expect(order).toEqual(['worked', 'committed'])
    expect(await User.count()).toBe(1)
  })

  it('commits and rolls back on the way', async () => {
    const db = opened()
    class User extends db.Model('User', { name: db.Column(db.Text) }) {}
    await db.createAll()
    await db.run(async () => {
      await User.create({ name: 'kept' })
      await db.commit()
      await User.create({ name: 'dropped' })
      await db.rollback()
    })
    expect((await User.query().all()).map(({ name }) => name)).toEqual(['kept'])
  })
})

describe('Transactional', () => {
  // TypeORM brings reflect-metadata along.
  const metadata = Reflect as unknown as {
    getOwnMetadataKeys: (target: object) => unknown[]
    getOwnMetadata: (key: unknown, target: object) => unknown
    defineMetadata: (key: unknown, value: unknown, target: object) => void
  }

  it('runs a method as one transaction, with its this and its parameters', async () => {
    const db = opened()
    class User extends db.Model('User', { name: db.Column(db.Text) }) {}
    await db.createAll()
    class Users {
      readonly prefix = 'user '
      async make(name: string, fails: boolean): Promise<number> {
        const { id } = await User.create({ name: this.prefix + name })
        if (fails) throw new Error('boom')
        return id
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Users.prototype, 'make') as TypedPropertyDescriptor<Users['make']>
    db.Transactional()(Users.prototype, 'make', descriptor)
    Object.defineProperty(Users.prototype, 'make', descriptor)
    const users = new Users()
    expect(await users.make('a', false)).toBe(1)
    await expect(users.make('b', true)).rejects.toThrow('boom')
    expect((await User.query().all()).map(({ name }) => name)).toEqual(['user a'])
  })

  it('refuses what is no method', () => {
    expect(() => new ActiveAlchemy('sqlite://').Transactional()({}, 'x', {})).toThrow(UnsupportedError)
  })

  it('keeps the name of the method, and what other decorators have said of it', () => {
    const nightly = async (): Promise<void> => undefined
    const method = Object.assign(nightly, { route: '/users' })
    metadata.defineMetadata('job', 'nightly', method)
    const descriptor = { value: method }
    new ActiveAlchemy('sqlite://').Transactional()({}, 'nightly', descriptor)
    expect(descriptor.value).not.toBe(method)
    expect([descriptor.value.name, descriptor.value.route]).toEqual(['nightly', '/users'])
    expect(metadata.getOwnMetadata('job', descriptor.value)).toBe('nightly')
  })

  it('needs no metadata of other decorators', () => {
    const { getOwnMetadataKeys } = metadata
    Reflect.deleteProperty(Reflect, 'getOwnMetadataKeys')
    try {
      const descriptor = { value: async (): Promise<void> => undefined }
      new ActiveAlchemy('sqlite://').Transactional()({}, 'x', descriptor)
      expect(descriptor.value.name).toBe('value')
    } finally {
      Object.assign(Reflect, { getOwnMetadataKeys })
    }
  })

  it('also decorates in the standard way', async () => {
    const db = opened()
    class User extends db.Model('User', { name: db.Column(db.Text) }) {}
    await db.createAll()
    class Users {
      readonly name = 'a'
    }
    const make = async function (this: Users): Promise<never> {
      await User.create({ name: this.name })
      throw new Error('boom')
    }
    const transactional = db.Transactional()(make, { kind: 'method', name: 'make' } as ClassMethodDecoratorContext<Users>)
    await expect(transactional.call(new Users())).rejects.toThrow('boom')
    expect(await User.count()).toBe(0)
  })
})

describe('the schema', () => {
  it('is created where it is missing, described, and dropped', async () => {
    const db = opened()
    class User extends db.Model('User', { name: db.Column(db.Text) }) {}
    await db.createAll()
    await User.create({ name: 'stays' })
    await db.createAll()
    expect(await User.count()).toBe(1)
    expect((await db.reflect()).map(({ name }) => name)).toContain('user')
    await db.dropAll()
    expect((await db.reflect()).map(({ name }) => name)).not.toContain('user')
  })
})

describe('a database that is closed', () => {
  it('refuses everything, and can be closed again', async () => {
    const db = new ActiveAlchemy('sqlite://', { name: 'shop' })
    expect(await db.ping()).toBe(true)
    await db.close()
    await db.close()
    await expect(db.sql`select 1`).rejects.toThrow(DatabaseClosedError)
    await expect(db.sql`select 1`).rejects.toThrow('The database shop has been closed')
  })

  it('needs not have been opened', async () => {
    await expect(new ActiveAlchemy('sqlite://').close()).resolves.toBeUndefined()
  })
})
