import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidUriError } from '../src/errors.js'
import { DatabaseUri, parseUri } from '../src/uri.js'

function refusal(uri: string): string {
  const refused = attempt(uri)
  expect(refused).toBeInstanceOf(InvalidUriError)
  return (refused as Error).message
}

/** The URI, or what was thrown. */
function attempt(uri: string): unknown {
  try {
    return parseUri(uri)
  } catch (error) {
    return error
  }
}

/** Everything that may reach a log. */
function shown(uri: DatabaseUri): string {
  return [
    uri.toString(),
    inspect(uri),
    inspect({ uri }),
    inspect(uri, { customInspect: false, showHidden: true, getters: false }),
    JSON.stringify({ uri }),
    JSON.stringify(Object.entries(uri)),
  ].join('\n')
}

describe('SQLite', () => {
  it.each([
    ['sqlite://', ':memory:'],
    ['sqlite:///', ':memory:'],
    ['sqlite:///:memory:', ':memory:'],
    ['sqlite:///shop.db', 'shop.db'],
    ['sqlite:///./data/shop.db', './data/shop.db'],
    ['sqlite:////var/lib/shop.db', '/var/lib/shop.db'],
    ['sqlite:///C:/data/shop.db', 'C:/data/shop.db'],
    ['sqlite:///my%20shop%3F.db', 'my shop?.db'],
    ['sqlite+pysqlite:///shop.db', 'shop.db'],
    ['SQLite:///Shop.db', 'Shop.db'],
  ])('%s is the file %s', (uri, file) => {
    expect(parseUri(uri)).toMatchObject({ kind: 'sqlite', scheme: 'sqlite', file, server: undefined })
  })

  it('reads options after the file', () => {
    expect(parseUri('sqlite:///shop.db?mode=ro&cache=shared')).toMatchObject({ file: 'shop.db', options: { mode: 'ro', cache: 'shared' } })
  })

  it.each([
    ['sqlite://shop.db', 'three slashes'],
    ['sqlite:///file:shop.db', 'no file: URIs'],
    ['sqlite:///file%3Ashop.db?mode=memory', 'no file: URIs'],
    ['sqlite:///shop%00.db', 'NUL'],
    ['sqlite:///100%.db', '%25'],
  ])('%s is refused: %s', (uri, why) => {
    expect(refusal(uri)).toContain(why)
  })
})

describe('servers', () => {
  it.each([
    ['postgresql', 'postgres'],
    ['postgres', 'postgres'],
    ['mysql', 'mysql'],
    ['mariadb', 'mysql'],
  ])('%s:// is of the family %s', (scheme, kind) => {
    const uri = parseUri(`${scheme}://user:password@host:1234/name`)
    expect(uri).toMatchObject({ kind, scheme, file: undefined })
    expect(uri.server).toEqual({ host: 'host', port: 1234, username: 'user', password: 'password', database: 'name' })
  })

  it.each([
    'postgresql+pg8000',
    'postgresql+psycopg2',
    'mysql+pymysql',
    'mysql+mysql_connector',
    'mariadb+mariadbconnector',
    'POSTGRESQL+PG8000',
  ])('%s:// is read without the driver of the Python original', (scheme) => {
    expect(parseUri(`${scheme}://host/name`).scheme).toBe(scheme.toLowerCase().split('+')[0])
  })

  const absent = { port: undefined, username: undefined, password: undefined, database: undefined }
  it.each<[string, object]>([
    ['postgresql://host', { ...absent, host: 'host' }],
    ['postgresql://host/', { ...absent, host: 'host' }],
    ['postgresql://host/name', { ...absent, host: 'host', database: 'name' }],
    ['postgresql://host:5433', { ...absent, host: 'host', port: 5433 }],
    ['postgresql://user@host', { ...absent, host: 'host', username: 'user' }],
    ['postgresql://user:@host', { ...absent, host: 'host', username: 'user', password: '' }],
    ['postgresql://:secret@host', { ...absent, host: 'host', username: '', password: 'secret' }],
    [
      'postgresql://us%40er:p%40ss%2Fw%3Ard@host/my%20name',
      { ...absent, host: 'host', username: 'us@er', password: 'p@ss/w:rd', database: 'my name' },
    ],
    ['postgresql://user:p@ss@host/name', { ...absent, host: 'host', username: 'user', password: 'p@ss', database: 'name' }],
    ['postgresql://user:p/ss@host/name', { ...absent, host: 'host', username: 'user', password: 'p/ss', database: 'name' }],
    ['postgresql://user:a:b@host', { ...absent, host: 'host', username: 'user', password: 'a:b' }],
    ['postgresql://127.0.0.1:5432/name', { ...absent, host: '127.0.0.1', port: 5432, database: 'name' }],
    ['postgresql://[::1]:5432/name', { ...absent, host: '::1', port: 5432, database: 'name' }],
    ['postgresql://[2001:db8::ff00:42:8329]/name', { ...absent, host: '2001:db8::ff00:42:8329', database: 'name' }],
    ['postgresql://[::ffff:10.0.0.1]', { ...absent, host: '::ffff:10.0.0.1' }],
  ])('%s', (uri, server) => {
    expect(parseUri(uri).server).toEqual(server)
  })

  it.each([
    ['postgresql://', 'names no host'],
    ['postgresql:///name', 'names no host'],
    ['postgresql://host:port/name', 'a port that is no number'],
    ['postgresql://host:-1/name', 'a port that is no number'],
    ['postgresql://host:0/name', 'from 1 to 65535'],
    ['postgresql://host:65536/name', 'from 1 to 65535'],
    ['postgresql://::1/name', 'names no host'],
    ['postgresql://[::1/name', 'names no host'],
    ['postgresql://[not-an-address]/name', 'names no host'],
    ['postgresql://host/a/b', 'a slash in it'],
    ['postgresql://host/a%2Fb', 'a slash in it'],
    ['postgresql://user:100%@host', '%25'],
    ['postgresql://host/%ff', '%25'],
  ])('%s is refused: %s', (uri, why) => {
    expect(refusal(uri)).toContain(why)
  })
})

describe('options', () => {
  it.each<[string, Record<string, string>]>([
    ['', {}],
    ['?', {}],
    ['?sslmode=require', { sslmode: 'require' }],
    ['?a=1&&b=2&', { a: '1', b: '2' }],
    ['?a=1&a=2', { a: '2' }],
    ['?application%5Fname=my+shop', { application_name: 'my shop' }],
    ['?plus=a%2Bb&equals=a=b', { plus: 'a+b', equals: 'a=b' }],
    ['?empty=', { empty: '' }],
  ])('%j gives %o', (query, options) => {
    expect(parseUri(`postgresql://host/name${query}`).options).toEqual(options)
  })

  it.each(['?flag', '?=value', '?a=1&flag'])('%s is refused: an option is written key=value', (query) => {
    expect(refusal(`postgresql://host/name${query}`)).toContain('key=value')
  })

  it('cannot reach the prototype of anything', () => {
    const { options } = parseUri('postgresql://host/name?__proto__=polluted&constructor=mine')
    expect(Object.getPrototypeOf(options)).toBe(Object.prototype)
    expect(Object.hasOwn(options, 'constructor')).toBe(true)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})

describe('what is no database URI', () => {
  it.each([
    ['', 'is DATABASE_URL set?'],
    ['   ', 'is DATABASE_URL set?'],
    ['shop.db', 'does not begin with a scheme'],
    ['sqlite:shop.db', 'does not begin with a scheme'],
    ['//host/name', 'does not begin with a scheme'],
    ['oracle://host/name', 'the scheme oracle is not known'],
    ['https://example.org', 'the scheme https is not known'],
    ['__proto__://host', 'does not begin with a scheme'],
    ['constructor://host', 'the scheme constructor is not known'],
  ])('%j is refused: %s', (uri, why) => {
    expect(refusal(uri)).toContain(why)
  })

  it.each([undefined, null, 42, {}, []])('%o is refused: is DATABASE_URL set?', (value) => {
    expect(refusal(value as unknown as string)).toContain('is DATABASE_URL set?')
  })

  it('names forms that are right', () => {
    expect(refusal('shop.db')).toMatch(/sqlite:\/\/\/file\.db.*postgresql:\/\/user:password@host\/name.*mysql:\/\/user:password@host\/name/)
  })

  it('is told to be empty when it is blank', () => {
    expect(refusal('   ')).toContain('it is empty')
  })

  it.each(['postgresql://host/name\n', 'postgresql://ho\nst/name', 'sqlite:///shop.db\r'])(
    'is %j, with the line break of the file that it was read from',
    (uri) => {
      expect(refusal(uri)).toContain('a line break')
    },
  )

  it.each(['postgresql://host/na%00me', 'mysql://us%00er@host/name', 'postgresql://host/name?a=%00'])('is %s, with a NUL', (uri) => {
    expect(refusal(uri)).toContain('NUL')
  })
})

describe('printing', () => {
  it.each([
    ['sqlite://', 'sqlite://'],
    ['sqlite:///:memory:', 'sqlite://'],
    ['sqlite:///shop.db', 'sqlite:///shop.db'],
    ['sqlite:////var/shop.db?mode=ro', 'sqlite:////var/shop.db?mode'],
    [
      'postgresql+pg8000://user:password@host:5432/name?sslmode=require&sslkey=secret',
      'postgresql://user:***@host:5432/name?sslmode&sslkey',
    ],
    ['mysql://user@host/name', 'mysql://user@host/name'],
    ['mysql://us%40er:x@[::1]', 'mysql://us%40er:***@[::1]/'],
    ['mariadb://host', 'mariadb://host/'],
  ])('%s is shown as %s', (uri, text) => {
    const read = parseUri(uri)
    expect([String(read), read.toJSON(), inspect(read), JSON.stringify({ read })]).toEqual([
      text,
      text,
      text,
      JSON.stringify({ read: text }),
    ])
  })

  it('gives a URI of the same database, whatever its name', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[^/\0]{1,20}$/), (database) => {
        const printed = parseUri(`postgresql://host/${encodeURIComponent(database)}`).toString()
        expect(parseUri(printed).server?.database).toBe(database)
      }),
    )
  })
})

describe('a password', () => {
  const password = fc.string({ minLength: 6, maxLength: 30 }).map((text) => `s3cret${text}`)
  const scheme = fc.constantFrom('postgresql', 'postgres', 'mysql', 'mariadb', 'postgresql+pg8000')

  it('is read as it was before it was percent-encoded', () => {
    fc.assert(
      fc.property(scheme, password, fc.string({ minLength: 1 }), (name, secret, user) => {
        const { server } = parseUri(`${name}://${encodeURIComponent(user)}:${encodeURIComponent(secret)}@host/name`)
        expect(server).toMatchObject({ username: user, password: secret, host: 'host' })
      }),
    )
  })

  it('is never shown by a URI', () => {
    fc.assert(
      fc.property(scheme, password, (name, secret) => {
        const text = shown(parseUri(`${name}://user:${encodeURIComponent(secret)}@host:5432/name?key=value`))
        expect(text).not.toContain(secret)
        expect(text).not.toContain(encodeURIComponent(secret))
      }),
    )
  })

  it('is never shown among the options either', () => {
    const uri = parseUri('mysql://host/name?password=hunter2&sslpassword=hunter3')
    expect([String(uri), inspect(uri), JSON.stringify(uri)].join()).not.toMatch(/hunter/)
  })

  it('is never shown by the error of a URI that cannot be read, however it is broken', () => {
    const before = fc.constantFrom('postgresql://', 'mysql://', 'oracle://', '', 'sqlite://', 'postgresql:/', '://')
    const after = fc.constantFrom(
      '@',
      '@host:port/name',
      '@host:99999/name',
      '@host/a/b',
      '@[::1/name',
      '@host/name?flag',
      '@host/%zz',
      '@host:1:2',
      '',
    )
    fc.assert(
      fc.property(before, password, after, fc.boolean(), (head, secret, tail, encode) => {
        const read = attempt(`${head}user:${encode ? encodeURIComponent(secret) : secret}${tail}`)
        const text = `${inspect(read)}${JSON.stringify(read)}${read instanceof Error ? `${read.message}${read.stack}` : ''}`
        expect(text).not.toContain(secret)
        expect(text).not.toContain(encodeURIComponent(secret))
      }),
      { numRuns: 500 },
    )
  })

  it('is not shown as a port where the host was forgotten', () => {
    expect(refusal('postgresql://user:48151623')).not.toContain('48151623')
  })

  it.each(['48151623?x', '48151623?a=b', '4815/1623?a=b', '48@151623?a=b'])(
    '%s, with a question mark, is not shown in part',
    (password) => {
      const message = refusal(`postgresql://user:${password}@host/name`)
      expect(message).toContain('%3F')
      expect(message).not.toContain('1623')
      expect(message).not.toContain('4815')
    },
  )
})

it('reads any text, or refuses it with an error of its own', () => {
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.tuple(fc.constantFrom('sqlite:///', 'postgres://', 'mysql://'), fc.string({ unit: 'binary' })).map(([head, tail]) => head + tail),
  )
  fc.assert(
    fc.property(text, (uri) => {
      const read = attempt(uri)
      expect(read instanceof InvalidUriError || read instanceof DatabaseUri).toBe(true)
    }),
    { numRuns: 500 },
  )
})
