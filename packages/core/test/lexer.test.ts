import { describe, expect, it } from 'vitest'
import { controlsTransaction as mysql } from '../src/drivers/mysql/statements.js'
import { controlsTransaction as postgres } from '../src/drivers/postgres/statements.js'
import { controlsTransaction as sqlite } from '../src/drivers/sqlite/statements.js'

const all = { sqlite, postgres, mysql }

/** Texts for every database. */
const controlling = [
  'COMMIT',
  'commit',
  '  rollback ;',
  'BEGIN',
  ';;commit',
  '-- words\ncommit',
  '/* words; of\nmine */ commit',
  'savepoint a',
  'release savepoint a',
  'ROLLBACK TO SAVEPOINT a',
  '\ncommit/**/',
]
const harmless = [
  'select 1',
  "select 'commit'",
  "select '; commit; '",
  "select 'it''s; commit; '",
  'select 1 -- ; commit',
  'select /* ; commit; */ 1',
  "insert into note (text) values ('begin')",
  'update t set commit_at = 1',
  'select a.begin from a',
  'select case when 1 = 1 then 2 end',
  '-- commit',
  '',
  ';',
  '/* commit',
]

for (const [name, controlsTransaction] of Object.entries(all)) {
  describe(`${name} › controlsTransaction`, () => {
    it.each(controlling)('%j does', (sql) => expect(controlsTransaction(sql)).toBe(true))
    it.each(harmless)('%j does not', (sql) => expect(controlsTransaction(sql)).toBe(false))

    it('reads a long text in time that grows with its length', () => {
      const startedAt = performance.now()
      for (const part of ['/**/', '/*', '((', "''", '$$', '$a$', '--', '`', ';commit_', 'a'])
        controlsTransaction(`${part.repeat(100_000)} commit`)
      expect(performance.now() - startedAt).toBeLessThan(10_000)
    })
  })
}

describe('sqlite › controlsTransaction', () => {
  it.each(['BEGIN IMMEDIATE', 'end transaction'])('%j does', (sql) => expect(sqlite(sql)).toBe(true))
  it.each(['select [; commit] from t', 'create trigger t after insert on a begin update b set c = case when 1 then 2 end; end'])(
    '%j does not',
    (sql) => expect(sqlite(sql)).toBe(false),
  )
})

describe('postgres › controlsTransaction', () => {
  it.each([
    'START TRANSACTION',
    'end',
    'abort',
    "prepare transaction 'x'",
    "commit prepared 'x'",
    'rollback; begin',
    'select 1; commit',
    "select E'it\\'s'; commit",
    "select 'a\\'; commit; --'",
    'select $$a;b$$; commit',
    'select $a$ $$ $a$; commit',
    'select $1; commit',
    'select a$b$ from t; commit; select c$b$ from t',
    '/* a /* b */ c */ commit',
    'create function f() returns int begin atomic select case when true then 1 end; end; commit',
    'rollback and chain',
    'create table t (begin int); commit',
  ])('%j does', (sql) => expect(postgres(sql)).toBe(true))
  it.each([
    "prepare a as select 'commit'",
    'start_job',
    "select E'it\\'; commit; '",
    'select $$; commit; $$',
    'do $x$ begin raise notice $$; commit; $$; end $x$',
    '/* a /* b */ ; commit; */ select 1',
    'create function f() returns int begin atomic select case when true then 1 end; end',
    'select "a; commit;" from t',
  ])('%j does not', (sql) => expect(postgres(sql)).toBe(false))
})

describe('mysql › controlsTransaction', () => {
  it.each([
    'START TRANSACTION',
    'begin not atomic commit; end',
    '# words\ncommit',
    '/*! commit */',
    '/*!50003 commit */',
    '/*M!100100 commit */',
    'rollback and chain',
    'select 1; commit',
    "select 'it\\'s'; commit",
    'XA START 1',
    'SET autocommit=1',
    'set @@autocommit = 1',
    'set @@session.autocommit = 1',
    'set local autocommit = 1',
    'set @a = 1, autocommit := 0',
    'set `autocommit` = 0',
    'select 1 --1; commit',
  ])('%j does', (sql) => expect(mysql(sql)).toBe(true))
  it.each([
    'SET @autocommit = 1',
    'set @a = @@autocommit',
    'start replica',
    "select 'it\\'; commit; '",
    'select "; commit;"',
    'select `; commit;` from t',
    'create procedure p() begin commit; end',
    'select 1 # ; commit',
  ])('%j does not', (sql) => expect(mysql(sql)).toBe(false))
})
