import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresOptions } from '../src/drivers/postgres/driver.js'
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

describe('what a statement leaves behind', () => {
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
  ])('nothing: %s', (text) => expect(new PostgresStatements().of(text).leaves).toBe('nothing'))

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
  ])('something: %s', (text) => expect(new PostgresStatements().of(text).leaves).toBe('session'))

  it.each([['prepare x as select 1'], ['DISCARD ALL'], ['select 1; deallocate all'], ["load 'auto_explain'"]])(
    'what no reset takes away: %s',
    (text) => expect(new PostgresStatements().of(text).leaves).toBe('everything'),
  )
})

describe('names of prepared statements', () => {
  const uses = (statements: PostgresStatements, text: string, count: number): (string | undefined)[] =>
    Array.from({ length: count }, () => statements.of(text).name)

  it('begin with the third use, where one server process stays', () => {
    const statements = new PostgresStatements()
    expect(uses(statements, 'SELECT 1', 4)).toEqual([undefined, undefined, undefined, undefined])
    statements.areKept = true
    expect(uses(statements, 'SELECT 2', 4)).toEqual([undefined, undefined, 'aa_1', 'aa_1'])
    expect(uses(statements, 'SAVEPOINT a', 4)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('are never given again to a text whose plan went stale', () => {
    const statements = new PostgresStatements()
    statements.areKept = true
    uses(statements, 'SELECT 1', 3)
    statements.unname('SELECT 1')
    expect(uses(statements, 'SELECT 1', 4)).toEqual([undefined, undefined, undefined, undefined])
    expect(uses(statements, 'SELECT 2', 3)).toEqual([undefined, undefined, 'aa_2'])
  })

  it('have an end, however many texts come', () => {
    const statements = new PostgresStatements()
    statements.areKept = true
    const named = new Set<string>()
    for (let index = 0; index < 5_000; index++) for (const name of uses(statements, `SELECT ${index}`, 3)) if (name) named.add(name)
    expect(named.size).toBe(250)
    expect(statements.of('SELECT 0').name).toBe('aa_1')
  })
})
