import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy, NoScopeError, RecordNotFoundError } from '@active-alchemy/core'
import { afterEach, expect, vi } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { asJson, rowIn, type World } from '../world.ts'

/** What a client is told of an error that the application does not word itself. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)
  afterEach(() => vi.unstubAllEnvs())

  /** Failures whose messages name hosts, users, tables and statements. */
  const failing = (world: World, unreachable: ActiveAlchemy) => ({
    'POST /table': async () => ({ json: await world.db.dataSource.query('select * from secret_table') }),
    'POST /swallowed': async () => {
      await world.Note.create({ text: 'lost' })
      await world.db.dataSource.query('select * from secret_table').catch(() => undefined)
      return { json: {} }
    },
    'POST /host': async () => ({ json: await unreachable.sql`select 1` }),
    'POST /commit': async () => {
      await world.Note.create({ text: 'lost' })
      await world.breakCommit()
      return { json: {} }
    },
  })

  for (const environment of ['development', 'production']) {
    for (const errors of ['framework', 'json'] as const) {
      row(`an answer of 500 and above tells nothing of host, user, table or statement: ${environment}, ${errors}`, async (world) => {
        vi.stubEnv('NODE_ENV', environment)
        const printed = [vi.spyOn(console, 'error').mockReturnValue(), vi.spyOn(process.stderr, 'write').mockReturnValue(true)]
        const unreachable = new ActiveAlchemy('postgresql://secret_user:secret_word@127.0.0.1:1/secret_name', { poolTimeoutMs: 500 })
        try {
          const app = await world.start(failing(world, unreachable), { errors })
          for (const [path, expected] of [
            ['table', 500],
            ['swallowed', 500],
            ['host', 503],
          ] as const) {
            const answer = await fetch(`${app.url}/${path}`, { method: 'POST' })
            const text = await answer.text()
            expect([path, answer.status]).toEqual([path, expected])
            expect(text).not.toMatch(/secret_|127\.0\.0\.1|select|\bat .*:\d+/i)
          }
          const refused = await fetch(`${app.url}/commit`, { method: 'POST' })
          expect(refused.status).toBeGreaterThanOrEqual(400)
          if (refused.status >= 500) expect(await refused.text()).not.toMatch(/select|insert|commit |\bat .*:\d+/i)
        } finally {
          for (const each of printed) each.mockRestore()
          await unreachable.close()
        }
        expect(await world.texts()).toEqual([])
      })
    }
  }

  row(
    'an error that no client sees ends, where its stack is logged, with its place in the documentation; no answer has that',
    async (world) => {
      const thrown: Error[] = []
      const fail = (error: Error) => () => {
        thrown.push(error)
        throw error
      }
      const frozen = Object.freeze(new NoScopeError('A frozen one'))
      const app = await world.start(
        {
          'GET /programmer': fail(new NoScopeError('db.session')),
          'GET /client': fail(new RecordNotFoundError('Note', 7)),
          'GET /other': fail(new Error('boom')),
          'GET /frozen': fail(frozen),
        },
        { errors: 'json' },
      )
      const printed = vi.spyOn(console, 'error').mockReturnValue()
      try {
        for (const path of ['programmer', 'programmer', 'client', 'frozen']) {
          expect(await (await fetch(`${app.url}/${path}`)).text()).not.toContain('docs/reference')
        }
        expect((await fetch(`${app.url}/other`)).status).toBe(500)
      } finally {
        printed.mockRestore()
      }
      const ends = thrown.map(({ stack = '' }) => stack.split('\n').slice(-2).join('\n'))
      expect(ends[0]).toMatch(/^ {4}at .*\n {4}See docs\/reference\/errors\.md#NO_SCOPE$/)
      expect(ends[2]).not.toContain('See')
      expect(ends[4]).not.toContain('See')
    },
  )

  row('told so, the adapter answers errors of the database as problem documents', async (world) => {
    const { Note } = world
    const app = await world.start(
      {
        'GET /missing': async () => ({ json: await Note.getOrError(4711) }),
        'POST /notes': async ({ body }) => {
          await Note.create({ text: 'lost' })
          return { json: await Note.create(body as { text: string }) }
        },
        'POST /own': () => {
          throw Object.assign(new Error('of the application'), { status: 418 })
        },
      },
      { errors: 'json' },
    )
    const missing = await fetch(`${app.url}/missing`)
    expect(missing.headers.get('content-type')).toBe('application/problem+json')
    expect([missing.status, await missing.json()]).toEqual([
      404,
      {
        type: 'about:blank',
        title: 'Not Found',
        status: 404,
        detail: 'Note 4711 was not found. It may have been deleted.',
        code: 'RECORD_NOT_FOUND',
      },
    ])
    const wrong = await fetch(`${app.url}/notes`, { method: 'POST', headers: asJson, body: '{"text":"x","n":"one"}' })
    expect(wrong.headers.get('content-type')).toBe('application/problem+json')
    expect([wrong.status, await wrong.json()]).toMatchObject([
      422,
      { title: 'Unprocessable Entity', status: 422, code: 'INVALID_VALUE', columns: ['n'] },
    ])
    // All that is wrong is told at once.
    const several = await fetch(`${app.url}/notes`, { method: 'POST', headers: asJson, body: '{"n":"one"}' })
    expect([several.status, await several.json()]).toMatchObject([
      422,
      {
        code: 'INVALID_VALUE',
        columns: ['n', 'text'],
        errors: [
          { column: 'n', message: expect.stringContaining('whole number') as string, code: 'type' },
          { column: 'text', message: 'has no value and no default', code: 'required' },
        ],
      },
    ])
    // What is no error of the database is answered as ever.
    const own = await fetch(`${app.url}/own`, { method: 'POST' })
    expect(own.headers.get('content-type')).not.toBe('application/problem+json')
    await sleep(0)
    expect(await world.texts()).toEqual([])
  })
}
