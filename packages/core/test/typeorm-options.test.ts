import { describe, expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { InvalidOptionError } from '../src/errors.js'

const uris = { sqlite: 'sqlite:///shop.db', postgres: 'postgresql://u@127.0.0.1/shop', mysql: 'mysql://u@127.0.0.1/shop' }
const opened = (kind: keyof typeof uris, typeorm: object) => new ActiveAlchemy(uris[kind], { typeorm })

describe('an option of TypeORM’s', () => {
  it.each(['postgres', 'mysql'] as const)(
    'on %s that would read from replicas is refused by name, and its passwords are not told',
    (kind) => {
      const replication = { master: { host: 'a', password: 'hunter2' }, slaves: [] }
      expect(() => opened(kind, { replication })).toThrow(/typeorm\.replication cannot be honoured: reads on replicas/)
      expect(() => opened(kind, { replication })).not.toThrow(/hunter2/)
    },
  )

  it.each([
    ['sqlite', 'timeout', 9],
    ['sqlite', 'enableWAL', false],
    ['sqlite', 'statementCacheSize', 5],
    ['sqlite', 'database', 'other.db'],
    ['postgres', 'host', 'elsewhere'],
    ['postgres', 'useUTC', true],
    ['postgres', 'parseInt8', true],
    ['postgres', 'nativeDriver', {}],
    ['mysql', 'timezone', 'local'],
    ['mysql', 'dateStrings', true],
    ['mysql', 'multipleStatements', true],
    ['mysql', 'enableQueryTimeout', true],
    ['mysql', 'acquireTimeout', 5],
    ['sqlite', 'type', 'better-sqlite3'],
    ['sqlite', 'poolSize', 5],
    ['postgres', 'isolationLevel', 'SERIALIZABLE'],
    ['mysql', 'entitySkipConstructor', true],
    ['sqlite', 'migrationsTransactionMode', 'each'],
  ] as const)('that cannot be honoured is refused by name: on %s, %s', (kind, name, value) => {
    expect(() => opened(kind, { [name]: value })).toThrow(InvalidOptionError)
    expect(() => opened(kind, { [name]: value })).toThrow(`The option typeorm.${name} cannot be honoured: `)
  })

  it('that is misspelt, or belongs to another database, is refused by name', () => {
    expect(() => opened('sqlite', { migration: [] })).toThrow('The option migration of typeorm is unknown. Did you mean migrations?')
    expect(() => opened('sqlite', { replication: {} })).toThrow('The option replication of typeorm is unknown.')
  })

  it('that can be honoured is taken, also when the database is configured late', () => {
    const db = new ActiveAlchemy()
    expect(() => db.configure(uris.postgres, { typeorm: { timezone: 'Z' } as object })).toThrow(InvalidOptionError)
    db.configure(uris.postgres, { typeorm: { connectTimeoutMS: 5, extra: { keepAlive: true }, entityPrefix: 'shop_' } })
    db.Model('User', { name: db.Column(db.Text) })
    expect(db.metadata.map(({ tableName }) => tableName)).toEqual(['shop_user'])
  })
})
