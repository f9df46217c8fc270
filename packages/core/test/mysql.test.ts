import { inspect } from 'node:util'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import type { MysqlDriver } from '../src/drivers/mysql/driver.js'
import { failureOf } from '../src/drivers/mysql/failures.js'
import { mysqlOptions } from '../src/drivers/mysql/options.js'
import { isAtLeast, textCollation } from '../src/drivers/mysql/schema.js'
import { commitsTransaction, dirtiesSession, listPlaces } from '../src/drivers/mysql/statements.js'
import { refuseLists } from '../src/drivers/mysql/packet.js'
import { bound } from '../src/drivers/mysql/values.js'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { InvalidStatementError } from '../src/errors.js'
import { parseUri } from '../src/uri.js'

describe('commitsTransaction', () => {
  it.each([
    'CREATE TABLE t (id int)',
    '  create index i on t (a)',
    'CREATE OR REPLACE TABLE t (id int)',
    'alter table t add x int',
    'drop table t',
    'TRUNCATE t',
    '-- words\nDROP TABLE t',
    '# words\r\nDROP TABLE t',
    '/* words */DROP TABLE t',
    '/*! DROP TABLE t */',
    '/*!50003 DROP TABLE t */',
    '/*M!100100 DROP TABLE t */',
    ';;DROP TABLE t',
    'LOAD INDEX INTO CACHE t',
    'START TRANSACTION',
    'BEGIN',
    'COMMIT',
    'SET autocommit=1',
    'set @@autocommit = 1',
    'set @@session.autocommit = 1',
    'set local autocommit = 1',
    "SET PASSWORD = 'x'",
    'FLUSH TABLES',
    'ANALYZE TABLE t',
    'LOCK TABLES t READ',
  ])('%s does', (sql) => expect(commitsTransaction(sql)).toBe(true))

  it.each([
    'SELECT 1',
    '(SELECT 1) UNION (SELECT 2)',
    '/* DROP TABLE t */ SELECT 1',
    "select 'drop table t'",
    'INSERT INTO t VALUES (1)',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'CREATE TEMPORARY TABLE t (id int)',
    'create or replace temporary table t (id int)',
    'DROP TEMPORARY TABLE t',
    "LOAD DATA LOCAL INFILE 'x' INTO TABLE t",
    'ANALYZE FORMAT=JSON SELECT 1',
    'SAVEPOINT a',
    'ROLLBACK TO SAVEPOINT a',
    'RELEASE SAVEPOINT a',
    'SET @autocommit = 1',
    'SET NAMES utf8mb4',
    'CALL create_all()',
    '',
    '/* not closed',
  ])('%s does not', (sql) => expect(commitsTransaction(sql)).toBe(false))

  it('reads a text of comments in time that grows with its length', () => {
    const startedAt = Date.now()
    commitsTransaction('/**/'.repeat(100_000))
    commitsTransaction('/*'.repeat(100_000))
    commitsTransaction('(('.repeat(100_000))
    expect(Date.now() - startedAt).toBeLessThan(10_000)
  })
})

describe('dirtiesSession', () => {
  it.each([
    'SET @a = 1',
    'SELECT @a := 1',
    'select 1 into @a',
    "SELECT GET_LOCK('a', 1)",
    'USE other',
    'CREATE TEMPORARY TABLE t (id int)',
    'LOCK TABLES t READ',
    "PREPARE a FROM 'select 1'",
    'HANDLER t OPEN',
    'CALL anything()',
    'SET NAMES latin1',
    'XA START 1',
    '',
  ])('%s may', (sql) => expect(dirtiesSession(sql)).toBe(true))

  it.each([
    'SELECT 1',
    'INSERT INTO `t` (`a`) VALUES (?) RETURNING `id`',
    'UPDATE t SET a = 1',
    'DELETE FROM t',
    'START TRANSACTION',
    'COMMIT',
    'ROLLBACK',
    'SAVEPOINT a',
    'RELEASE SAVEPOINT a',
    'CREATE TABLE t (id int)',
    'SHOW TABLES',
    '(SELECT 1)',
  ])('%s does not', (sql) => expect(dirtiesSession(sql)).toBe(false))
})

describe('mysqlOptions', () => {
  const options = (uri: string): unknown => mysqlOptions(parseUri(uri))

  it('reads the address, and keeps time UTC', () => {
    expect(options('mysql+pymysql://us%40er:p%2Fw@db.example.org:3307/shop?charset=utf8')).toEqual({
      type: 'mysql',
      host: 'db.example.org',
      port: 3307,
      username: 'us@er',
      password: expect.any(Function) as unknown,
      database: 'shop',
      charset: 'utf8mb4_unicode_ci',
      timezone: 'Z',
      dateStrings: ['DATE'],
    })
    const { password } = options('mysql://a:p%2Fw@b/c') as { password: () => string }
    expect(password()).toBe('p/w')
    expect(inspect(options('mysql://a:secret@b/c'))).not.toContain('secret')
    expect(options('mariadb://localhost/x?unix_socket=/run/m.sock')).toMatchObject({ type: 'mariadb', socketPath: '/run/m.sock' })
  })

  it.each([
    ['ssl=true', { rejectUnauthorized: true }],
    ['ssl-mode=REQUIRED', { rejectUnauthorized: false }],
    ['sslmode=require', { rejectUnauthorized: false }],
    ['ssl_mode=VERIFY_CA', { rejectUnauthorized: true }],
    ['sslmode=verify-full', { rejectUnauthorized: true, verifyIdentity: true }],
    ['ssl-mode=DISABLED', undefined],
    ['ssl=false', undefined],
    ['', undefined],
  ])('%s', (query, ssl) => {
    expect((options(`mysql://localhost/x?${query}`) as { ssl?: unknown }).ssl).toEqual(ssl)
  })

  it('reads certificates from files, and checks an authority that is given', () => {
    const file = new URL(import.meta.url).pathname
    const { ssl } = options(`mysql://localhost/x?ssl-mode=required&ssl-ca=${file}`) as { ssl: { ca: string } }
    expect(ssl).toMatchObject({ rejectUnauthorized: true, ca: expect.stringContaining('reads certificates') as unknown })
    const secured = options(`mysql://localhost/x?ssl-mode=required&ssl-key=${file}`) as { ssl: { key: string } }
    expect(secured.ssl.key).toContain('reads certificates')
    expect(inspect(secured, { depth: 9 })).not.toContain('reads certificates')
  })

  it.each(['ssl-modus=required', 'sslmode=prefer', 'ssl_verify=1', 'ssl-mode=verify_identity'])(
    '%s is refused: a mistake must not weaken TLS',
    (query) => {
      expect(() => options(`mysql://10.0.0.1/x?${query}`)).toThrow('The database URI cannot be used: ')
    },
  )
})

describe('failures, in the words of both servers', () => {
  const db = new ActiveAlchemy('mysql://localhost/shop')
  class User extends db.Model('User', {
    email: db.Column(db.String(25), { unique: true }),
    nick: db.Column(db.String(25)),
  }) {}
  db.register(User)
  const key = db.metadata[0]?.indices.find(({ isUnique }) => isUnique)?.name ?? ''
  const driver = db.dataSource.driver as MysqlDriver
  const failure = (errno: number, message: string, sql = 'INSERT INTO `user` VALUES (?)'): unknown =>
    failureOf(Object.assign(new Error(message), { errno }), sql, db.metadata)

  it.each([
    ['a key by its name', 1062, `Duplicate entry 'a' for key '${key}'`, { kind: 'unique', columns: ['email'] }],
    ['a key with its table', 1062, `Duplicate entry 'a' for key 'user.${key}'`, { kind: 'unique', columns: ['email'] }],
    ['a value that looks like a key', 1062, `Duplicate entry 'x' for key 'nick'' for key '${key}'`, { kind: 'unique', columns: ['email'] }],
    ['a key that nobody named', 1062, "Duplicate entry 'a' for key 'nick'", { kind: 'unique', columns: ['nick'] }],
    ['the primary key', 1062, "Duplicate entry '1' for key 'PRIMARY'", { kind: 'unique', columns: ['id'] }],
    ['an unknown key', 1062, "Duplicate entry '1' for key 'x'", { kind: 'unique', columns: [] }],
    ['null', 1048, "Column 'nick' cannot be null", { kind: 'not-null', columns: ['nick'] }],
    ['no value', 1364, "Field 'nick' doesn't have a default value", { kind: 'not-null', columns: ['nick'] }],
    ['a parent that is not there', 1452, 'Cannot add or update a child row', { kind: 'foreign-key' }],
    ['a parent that is needed', 1451, 'Cannot delete or update a parent row', { kind: 'foreign-key' }],
    ['a check of MariaDB', 4025, 'CONSTRAINT `c` failed', { kind: 'check' }],
    ['a check of MySQL', 3819, "Check constraint 'c' is violated.", { kind: 'check' }],
    ['a deadlock', 1213, 'Deadlock found', { kind: 'deadlock' }],
    ['a changed record', 1020, 'Record has changed since last read', { kind: 'serialization' }],
    ['a lock wait', 1205, 'Lock wait timeout exceeded', { kind: 'lock-timeout' }],
    ['a lock that is not waited for', 3572, 'NOWAIT is set', { kind: 'lock-timeout' }],
    ['a number out of range', 1264, "Out of range value for column 'a' at row 1", { kind: 'value' }],
    ['a text that is too long', 1406, "Data too long for column 'a' at row 1", { kind: 'value' }],
    ['a time that is none', 1292, "Incorrect datetime value: 'x' for column 'a' at row 1", { kind: 'value' }],
    ['a table that is missing', 1146, 'No such table', { kind: 'no-table' }],
    ['another', 1064, 'Syntax', undefined],
  ])('%s', (_, errno, message, expected) => expect(failure(errno, message)).toEqual(expected))

  it('know which of them end the transaction', () => {
    const ends = (errno: number): boolean => driver.endsTransaction(Object.assign(new Error('x'), { errno }))
    expect([1213, 1205, 1020].map(ends)).toEqual([true, true, true])
    expect([1062, 1451, 3572].map(ends)).toEqual([false, false, false])
    expect([undefined, null, 'text', new Error('x')].map((error) => driver.endsTransaction(error))).toEqual([false, false, false, false])
  })
})

describe('values', () => {
  it.each(['a', '', 0, -1.5, 10n, true, null, undefined, Buffer.from('a'), new Uint8Array(2), new Date(0)])(
    '%s is bound as it is',
    (value) => expect(bound(value)).toBe(value),
  )

  it('an object with a text of its own is its text, a time of Luxon a date', () => {
    expect(bound(new URL('https://example.org/'))).toBe('https://example.org/')
    expect(bound(DateTime.fromMillis(7))).toEqual(new Date(7))
  })

  it.each([
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [{ a: 1 }],
    [{ toString: 'x' }],
    [Object.create(null)],
    [new Map()],
    [new Date(Number.NaN)],
    [{ isLuxonDateTime: true }],
    [DateTime.invalid('x')],
    [Symbol('a')],
    [() => 1],
    [[[{}]]],
  ])('%o is refused', (value) => expect(() => bound(value)).toThrow(InvalidStatementError))

  it.each([
    ['select ?, ? from t where a in (?) and b in(?)', [undefined, undefined, 'list', 'list']],
    ["select '?', `?`, ? -- ?", [undefined]],
    ['insert into t values ?', ['rows']],
    ['insert into t values (?, ?)', [undefined, undefined]],
    ['select 1 where (a, b) in ?', ['rows']],
    ['select f(?)', [undefined]],
    ['select 1 where a not in (?, ?)', ['list', undefined]],
  ])('%s', (sql, places) => expect(listPlaces(sql)).toEqual(places))

  it.each([
    ['select 1 where a in (?)', [[1, 2]]],
    [
      'insert into t values ?',
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ],
    ['select ?', ['a']],
  ])('%s takes %j', (sql, values) => expect(() => refuseLists(sql, values)).not.toThrow())

  it.each([
    ['insert into t (a) values (?)', [['a', 'b']]],
    ['select 1 where a = ?', [['a']]],
    ['select 1 where a in (?)', [[]]],
    ['select 1 where a in (?)', [[['a']]]],
    ['insert into t values ?', [['a']]],
    ['insert into t values ?', [[[['a']]]]],
  ])('%s does not take %j', (sql, values) => expect(() => refuseLists(sql, values)).toThrow(InvalidStatementError))
})

describe('versions', () => {
  it('are compared by their numbers', () => {
    expect(isAtLeast('10.11.19', [10, 2])).toBe(true)
    expect(isAtLeast('8.0.16', [8, 0, 17])).toBe(false)
    expect(isAtLeast('8.4', [8, 0, 17])).toBe(true)
    expect(isAtLeast('5.7.44', [8, 0])).toBe(false)
  })

  it('know a collation that tells texts apart', () => {
    expect(textCollation('10.11.19', true)).toBe('utf8mb4_nopad_bin')
    expect(textCollation('8.4.0', false)).toBe('utf8mb4_0900_bin')
    expect(textCollation('5.7.44', false)).toBe('utf8mb4_bin')
  })
})
