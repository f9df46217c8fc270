import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresOptions } from '../src/drivers/postgres/options.js'
import { PostgresStatements } from '../src/drivers/postgres/statements.js'
import { InvalidUriError } from '../src/errors.js'
import { parseUri } from '../src/uri.js'

const options = (query: string): ReturnType<typeof postgresOptions> =>
  postgresOptions(parseUri(`postgresql://me:s3cret@db.example:5433/shop${query}`))

describe('options of a URI', () => {
  const folder = mkdtempSync(join(tmpdir(), 'alchemy-'))
  const file = join(folder, 'ca.pem')
  writeFileSync(file, 'a certificate')
  afterAll(() => rmSync(folder, { recursive: true }))

  it('name the server, and hide the password', () => {
    const found = options('')
    expect(found).toMatchObject({ type: 'postgres', host: 'db.example', port: 5433, username: 'me', database: 'shop' })
    expect(found).not.toHaveProperty('ssl')
    expect((found.password as () => string)()).toBe('s3cret')
    expect(JSON.stringify(found)).not.toContain('s3cret')
  })

  it('leave out what the URI leaves out', () => {
    expect(Object.keys(postgresOptions(parseUri('postgres://localhost')))).not.toContain('password')
    expect(postgresOptions(parseUri('postgres://localhost'))).not.toHaveProperty('port')
  })

  it('are those of libpq', () => {
    expect(options('?application_name=shop&connect_timeout=3&keepalives=0&options=-c%20search_path%3Dtenant')).toMatchObject({
      applicationName: 'shop',
      connectTimeoutMS: 3_000,
      extra: { keepAlive: false, options: '-c search_path=tenant' },
    })
    expect(options('?keepalives_idle=30').extra).toEqual({ keepAliveInitialDelayMillis: 30_000 })
  })

  it.each([
    ['disable', false],
    ['require', { rejectUnauthorized: false }],
    ['no-verify', { rejectUnauthorized: false }],
    ['verify-full', { rejectUnauthorized: true }],
    ['verify-ca', { rejectUnauthorized: true, checkServerIdentity: expect.any(Function) as unknown }],
  ])('TLS: sslmode=%s', (mode, tls) => {
    expect(options(`?sslmode=${mode}`).ssl).toEqual(tls)
  })

  it('TLS: with an issuer, require knows the issuer, as libpq does; a key shows nowhere', () => {
    const { ssl } = options(`?sslmode=require&sslrootcert=${file}&sslcert=${file}&sslkey=${file}`)
    expect(ssl).toEqual({
      ca: Buffer.from('a certificate'),
      cert: Buffer.from('a certificate'),
      checkServerIdentity: expect.any(Function) as unknown,
    })
    expect(Reflect.get(ssl as object, 'key')).toEqual(Buffer.from('a certificate'))
    expect(options('?sslmode=verify-full&sslrootcert=system').ssl).toEqual({ rejectUnauthorized: true })
    expect(options('?ssl=true').ssl).toEqual({ rejectUnauthorized: true })
  })

  it.each([
    ['?sslmode=prefer', 'sslmode is prefer'],
    ['?sslmod=require', 'no option sslmod'],
    ['?sslmode=verify-ca&sslrootcert=/no/such/file', '/no/such/file'],
    [`?sslrootcert=${file}`, 'certificates need sslmode'],
    ['?connect_timeout=soon', 'connect_timeout is a number'],
  ])('refuses %s', (query, reason) => {
    expect(() => options(query)).toThrow(InvalidUriError)
    expect(() => options(query)).toThrow(reason)
  })
})

describe('what a statement leaves in a session', () => {
  it.each([
    [
      'SELECT "User"."id" AS "User_id" FROM "user" "User" WHERE ( "User"."name" = $1 AND "User"."id" IN ($2, $3) ) AND ( "User"."deleted_at" IS NULL )',
    ],
    ['SELECT COUNT(DISTINCT("user"."id")) AS "cnt" FROM "user" "user"'],
    ['INSERT INTO "user" ("name", "set_config(x)") VALUES ($1, $2), ($3, $4) RETURNING "id"'],
    ['INSERT INTO "public"."user"("name") VALUES ($1) ON CONFLICT ( "name" ) DO UPDATE SET "name" = EXCLUDED."name"'],
    ['UPDATE "user" SET "n" = "n" + $1 WHERE "id" = $2 AND "n" + $3 >= $4 RETURNING "n"'],
    ['DELETE FROM "user" WHERE "id" = $1'],
    ["select count(*) from note where text = 'listen; set_config(1)' and lower(text) = 'it''s (fine)'"],
    ["select set_config('app.user', $1, true)"],
    ["set local search_path = 'tenant'"],
    ['BEGIN ISOLATION LEVEL READ COMMITTED'],
    ['SAVEPOINT alchemy_1'],
    ['select load from metrics'],
  ])('nothing: %s', (text) => expect(new PostgresStatements().of(text).dirties).toBe('nothing'))

  it.each([
    ["set search_path = 'tenant'"],
    ["select set_config('app.user', $1, false)"],
    ['select my_function($1)'],
    ['select "pg_advisory_lock"(1)'],
    ['select pg_catalog.pg_advisory_lock(1)'],
    ['listen channel'],
    ['create temp table x (id int)'],
    ['select 1 into temp x'],
    ['with x as (insert into t values (1) returning id) select id into temp y from x'],
    ['select 1; listen channel'],
    ['/* listen */ select 1'],
    ['do $$ begin perform 1; end $$'],
    ["select E'\\'', pg_advisory_lock(1), ''"],
    ['call do_things()'],
  ])('something: %s', (text) => expect(new PostgresStatements().of(text).dirties).toBe('session'))

  it.each([['prepare x as select 1'], ['DISCARD ALL'], ['select 1; deallocate all'], ["load 'auto_explain'"]])(
    'what no reset takes away: %s',
    (text) => expect(new PostgresStatements().of(text).dirties).toBe('everything'),
  )
})

describe('a long text', () => {
  it('is read in time that grows with its length', () => {
    const startedAt = performance.now()
    for (const part of ['x', "'", '(', 'f(', '; set local ', 'set_config(,', '$1, ', '($1), ', '"', 'insert into '])
      new PostgresStatements().of(`SELECT ${part.repeat(60_000)}`)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })
})

describe('names of prepared statements', () => {
  const preparing = (): PostgresStatements => Object.assign(new PostgresStatements(), { canPrepare: true })
  const uses = (statements: PostgresStatements, text: string, count: number): (string | undefined)[] =>
    Array.from({ length: count }, () => statements.of(text).name)
  const list = (length: number): string =>
    `SELECT a FROM t WHERE id IN (${Array.from({ length }, (_, index) => `$${index + 1}`).join(', ')})`
  const rows = (count: number): string =>
    `INSERT INTO t (a, b) VALUES ${Array.from({ length: count }, (_, index) => `($${2 * index + 1}, $${2 * index + 2})`).join(', ')}`

  it('begin with the third use, where one server process stays', () => {
    expect(uses(new PostgresStatements(), 'SELECT 1', 4)).toEqual([undefined, undefined, undefined, undefined])
    const statements = preparing()
    expect(uses(statements, 'SELECT 2', 4)).toEqual([undefined, undefined, 'aa_1', 'aa_1'])
    expect(uses(statements, 'SAVEPOINT a', 4)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('change when a plan went stale, and are not soon given again', () => {
    const statements = preparing()
    uses(statements, 'SELECT 1', 3)
    statements.unname('SELECT 1')
    expect(statements.isNamed('aa_1')).toBe(false)
    expect(uses(statements, 'SELECT 1', 30).filter(Boolean)).toEqual(['aa_2'])
  })

  it('have an end, however many texts come: the text that was not used for longest gives its name up', () => {
    const statements = preparing()
    uses(statements, 'SELECT 0', 3)
    for (let index = 1; index < 5_000; index++) {
      uses(statements, `SELECT ${index}`, 3)
      statements.of('SELECT 0')
    }
    const names = Array.from({ length: 5_000 }, (_, index) => `aa_${index + 1}`).filter((name) => statements.isNamed(name))
    expect(names).toHaveLength(250)
    expect(statements.of('SELECT 0').name).toBe('aa_1')
    expect(statements.of('SELECT 1').name).toBeUndefined()
  })

  it('are not taken from the application by lists whose lengths a client chooses', () => {
    const statements = preparing()
    uses(statements, 'SELECT a FROM t WHERE id = $1', 3)
    for (let length = 1; length < 1_000; length++) {
      uses(statements, list(length), 3)
      uses(statements, rows(length), 3)
      expect(statements.of('SELECT a FROM t WHERE id = $1').name).toBe('aa_1')
    }
    const names = Array.from({ length: 3_000 }, (_, index) => `aa_${index + 1}`).filter((name) => statements.isNamed(name))
    expect(names.length).toBeLessThanOrEqual(7)
  })

  it('are for texts that together are short, and what is known of texts has an end too', () => {
    const statements = preparing()
    const long = (index: number): string => `SELECT ${index} AS a${'x'.repeat(50_000)}`
    for (let index = 0; index < 20; index++) uses(statements, long(index), 3)
    const named = Array.from({ length: 20 }, (_, index) => statements.isNamed(`aa_${index + 1}`)).filter(Boolean)
    expect(named).toHaveLength(5)
    // The oldest are forgotten: they have to be used three times again.
    for (let index = 20; index < 60; index++) statements.of(long(index))
    expect(uses(statements, long(19), 2)).toEqual([undefined, undefined])
    expect(uses(statements, `SELECT 1 AS ${'x'.repeat(100_000)}`, 5)).toEqual(Array(5).fill(undefined))
  })
})
