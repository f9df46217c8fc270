import { request } from 'node:http'
import { connect } from 'node:http2'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy } from '@active-alchemy/core'
import { expect, vi } from 'vitest'
import { open, type TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { noteModel, rowIn, type World, write } from '../world.ts'

/** The entries of a header `Server-Timing`, by their names, those of others too. */
function entriesOf(header: string | null | undefined): Record<string, { readonly dur: number; readonly desc: string | undefined }> {
  const entries = (header ?? '').split(', ').map((entry) => /^([\w-]+);dur=(\d+(?:\.\d+)?)(?:;desc="([^"]*)")?$/.exec(entry) ?? [entry])
  return Object.fromEntries(entries.map(([entry, name = entry, dur, desc]) => [name, { dur: Number(dur), desc }]))
}

/** What an answer says of its times. */
async function timesOf(url: string, method = 'GET'): Promise<[status: number, entries: ReturnType<typeof entriesOf>]> {
  const answer = await fetch(url, { method })
  await answer.text()
  return [answer.status, entriesOf(answer.headers.get('server-timing'))]
}

/** What an answer tells of the time that its request has spent on the database. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)
  const options = { serverTiming: true } as const
  /** How many statements a request has sent, as an entry tells it. */
  const sentBy = (world: World): string => `${world.statements.length} statements`

  row('an answer tells no times, unless it is asked to', async (world) => {
    const routes = { 'POST /notes': write(world, 'kept') }
    for (const each of [{}, { serverTiming: false }, { serverTiming: () => false }]) {
      const app = await world.start(routes, { options: each })
      const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
      expect([answer.status, answer.headers.get('server-timing')]).toEqual([200, null])
    }
  })

  row('an answer tells the time of its statements, and how many there were', async (world) => {
    let spent = 0
    const app = await world.start(
      {
        'GET /notes': async () => {
          await world.Note.count()
          await world.Note.first({ text: 'none' })
          for (const { milliseconds } of world.db.session.statements) spent += milliseconds
          return { json: {} }
        },
        'GET /one': async () => ({ json: await world.Note.count() }),
        'GET /nothing': () => ({ json: {} }),
      },
      { options },
    )
    const [status, { db, pool, ...others }] = await timesOf(`${app.url}/notes`)
    expect([status, others]).toEqual([200, {}])
    expect(db).toEqual({ dur: Number(spent.toFixed(1)), desc: '2 statements' })
    expect(pool?.dur).toBeGreaterThanOrEqual(0)
    expect((await timesOf(`${app.url}/one`))[1]['db']?.desc).toBe('1 statement')
    expect(await timesOf(`${app.url}/nothing`)).toEqual([200, { db: { dur: 0, desc: '0 statements' } }])
  })

  row('in production, too, for those requests alone that a function says', async (world) => {
    vi.stubEnv('NODE_ENV', 'production')
    const fresh = await database.create()
    const { db, statements } = open(ActiveAlchemy, fresh)
    const Note = noteModel(db)
    try {
      await db.createAll()
      const create = async () => ({ json: await Note.create({ text: 'kept' }) })
      const isOurs = { serverTiming: ({ url }: { url?: string | undefined }) => url === '/ours' }
      const app = await world.start({ 'GET /ours': create, 'GET /other': create }, { options: isOurs, databases: [db] })
      statements.length = 0
      const [, entries] = await timesOf(`${app.url}/ours`)
      expect(entries['db']?.desc).toBe(`${statements.length} statements`)
      expect((await fetch(`${app.url}/other`)).headers.get('server-timing')).toBeNull()
    } finally {
      vi.unstubAllEnvs()
      await db.close()
      await fresh.drop()
    }
  })

  row('a commit is told that the answer has waited for, with what runs before the answer', async (world) => {
    const app = await world.start(
      {
        'POST /notes': async () => {
          await world.Note.create({ text: 'kept' })
          world.db.onCommit(() => sleep(60), { await: true })
          return { json: {} }
        },
      },
      { options },
    )
    world.statements.length = 0
    const [status, { db, commit }] = await timesOf(`${app.url}/notes`, 'POST')
    expect([status, db?.desc]).toEqual([200, sentBy(world)])
    expect(commit?.dur).toBeGreaterThanOrEqual(59)
  })

  row('what an answer has waited for is a rollback, where it rolls back', async (world) => {
    const app = await world.start(
      {
        'POST /refused': write(world, 'lost', { json: {}, status: 409 }),
        'POST /thrown': async () => {
          await world.Note.create({ text: 'lost' })
          throw new Error('boom')
        },
      },
      { options },
    )
    for (const [path, expected] of [
      ['/refused', 409],
      ['/thrown', 500],
    ] as const) {
      const [status, entries] = await timesOf(app.url + path, 'POST')
      expect([status, Object.keys(entries).sort()]).toEqual([expected, ['db', 'pool', 'rollback']])
    }
  })

  for (const errors of ['application', 'framework', 'json'] as const) {
    row(`the answer to a commit that failed tells them, whoever words it: ${errors}`, async (world) => {
      const app = await world.start(
        {
          'POST /notes': async () => {
            await world.Note.create({ text: 'lost' })
            await world.breakCommit()
            return { json: {} }
          },
        },
        { options, errors },
      )
      world.statements.length = 0
      const [status, { db, rollback }] = await timesOf(`${app.url}/notes`, 'POST')
      expect(status).toBeGreaterThanOrEqual(400)
      expect(db?.desc).toBe(sentBy(world))
      expect(rollback?.dur).toBeGreaterThanOrEqual(0)
      expect(await world.texts()).toEqual([])
    })
  }

  row('what the application says of its own times stays beside them', async (world) => {
    const app = await world.start(
      {
        'GET /header': ({ res }) => {
          res.setHeader('Server-Timing', 'render;dur=7.5')
          return { json: {} }
        },
        'GET /head': () => ({ raw: (res) => res.writeHead(200, { 'server-timing': 'render;dur=7.5' }).end() }),
        'GET /list': () => ({ raw: (res) => res.writeHead(200, ['server-timing', 'render;dur=7.5']).end() }),
        'GET /written': async () => {
          await world.Note.create({ text: 'kept' })
          return { raw: (res) => res.writeHead(200, { 'server-timing': 'render;dur=7.5' }).end() }
        },
      },
      { options },
    )
    for (const path of ['/header', '/head', '/list', '/written']) {
      const [status, { render, db, commit }] = await timesOf(app.url + path)
      expect([path, status, render, db?.desc === undefined]).toEqual([path, 200, { dur: 7.5, desc: undefined }, false])
      expect(commit !== undefined).toBe(path === '/written')
    }
  })

  row('an answer that streams tells what was before its first byte', async (world) => {
    const { db, Note } = world
    await Note.create({ text: 'kept' })
    const app = await world.start(
      {
        'GET /notes.csv': async () => {
          await Note.count()
          const csv = new PassThrough()
          const written = db.run(async () => {
            for await (const { text } of Note.query()) csv.write(`${text}\n`)
          })
          void written.then(() => csv.end())
          return { stream: csv }
        },
      },
      { options },
    )
    const [status, { db: told }] = await timesOf(`${app.url}/notes.csv`)
    expect([status, told?.desc]).toEqual([200, '1 statement'])
  })

  row('one header on an answer, however often it is mounted', async (world) => {
    const app = await world.start({ 'POST /notes': write(world, 'kept') }, { options, mountTwice: true })
    const names = await new Promise<string[]>((resolve, reject) => {
      const sent = request(`${app.url}/notes`, { method: 'POST' }, (answer) => {
        answer.resume()
        resolve(answer.rawHeaders.filter((name) => name.toLowerCase() === 'server-timing'))
      })
      sent.on('error', reject).end()
    })
    expect(names).toHaveLength(1)
  })

  row(
    'over HTTP/2, too',
    async (world) => {
      const app = await world.start({ 'POST /notes': write(world, 'kept') }, { options, http2: true })
      const client = connect(app.url)
      try {
        const told = await new Promise<unknown>((resolve, reject) => {
          const stream = client.request({ ':method': 'POST', ':path': '/notes' })
          stream.on('response', (headers) => resolve(headers['server-timing']))
          stream.on('error', reject).resume()
        })
        expect(Object.keys(entriesOf(String(told))).sort()).toEqual(['commit', 'db', 'pool'])
      } finally {
        client.close()
      }
    },
    'HTTP/2',
  )
}
