import { stripVTControlCharacters } from 'node:util'
import { afterEach, expect, it, vi } from 'vitest'
import { StatementLogger } from '../src/logger.js'

afterEach(() => vi.restoreAllMocks())

/** What `work` printed, by the console's method. */
function printed(work: () => void): string[] {
  const lines: string[] = []
  for (const method of ['log', 'warn', 'error', 'info'] as const) {
    vi.spyOn(console, method).mockImplementation(
      (...words: unknown[]) => void lines.push(`${method}: ${stripVTControlCharacters(words.join(' '))}`),
    )
  }
  work()
  return lines
}

it('prints a statement, and never its values', () => {
  const lines = printed(() => new StatementLogger(['query']).logQuery('SELECT * FROM user WHERE email = ?', ['secret@example.org']))
  expect(lines).toEqual(['log: [active-alchemy] SELECT * FROM user WHERE email = ?'])
})

it('prints nothing without echo', () => {
  const lines = printed(() => {
    const logger = new StatementLogger([])
    logger.logQuery('SELECT 1')
    logger.logSchemaBuild('CREATE TABLE user')
    logger.logMigration('done')
    logger.log('info', 'hello')
  })
  expect(lines).toEqual([])
})

it('prints warnings where they are asked for, also of a slow or failed statement without its values', () => {
  const lines = printed(() => {
    const logger = new StatementLogger(['warn', 'query', 'error'])
    logger.log('warn', 'be careful')
    logger.logQueryError('near "FORM": syntax error', 'SELECT FORM user', ['secret'])
  })
  expect(lines[0]).toBe('warn: [active-alchemy] be careful')
  expect(lines.join()).toContain('SELECT FORM user')
  expect(lines.join()).not.toContain('secret')
})

it('prints a slow statement on one line, with its time and without its values', () => {
  const lines = printed(() => new StatementLogger([]).logQuerySlow(103.4, 'SELECT * FROM user WHERE email = ?'))
  expect(lines).toEqual(['warn: [active-alchemy] slow (103 ms): SELECT * FROM user WHERE email = ?'])
})

it('keeps quiet about what is neither a statement nor a warning', () => {
  expect(printed(() => new StatementLogger('all').log('info', 'hello'))).toEqual([])
})
