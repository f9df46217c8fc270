import { AsyncResource } from 'node:async_hooks'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy, ScopeClosedError } from '@active-alchemy/core'
import { expect, it, vi } from 'vitest'
import { type Lack, open, type TestDatabase } from '../databases/database.ts'
import type { Framework, FrameworkLack, Handler, Reply } from '../frameworks/framework.ts'
import { inWorld, latch, noteModel, until, type World } from './world.ts'

const asJson = { 'content-type': 'application/json' }

/** Every way to answer, with what the client must see; each runs once with a commit that works and once with one that fails. */
const answers: readonly {
  readonly name: string
  readonly status: number
  readonly reply: (file: string) => Reply
  readonly body?: string
  readonly method?: string
}[] = [
  { name: 'JSON', status: 200, reply: () => ({ json: { ok: true } }), body: '{"ok":true}' },
  { name: 'text', status: 200, reply: () => ({ text: 'fine' }), body: 'fine' },
  { name: 'a redirect', status: 302, reply: () => ({ redirect: '/elsewhere' }) },
  { name: 'a file', status: 200, reply: (file) => ({ file }), body: 'from a file' },
  { name: '204', status: 204, reply: () => ({ status: 204 }), body: '' },
  { name: '304', status: 304, reply: () => ({ status: 304 }), body: '' },
  { name: 'the answer to HEAD', status: 200, reply: () => ({ json: { ok: true } }), body: '', method: 'HEAD' },
  { name: 'a stream', status: 200, reply: () => ({ stream: Readable.from(['<1>', '<2>']) }), body: '<1><2>' },
  { name: 'raw writes', status: 200, reply: () => ({ raw: rawWrites }), body: '<1><2>' },
  { name: 'server-sent events', status: 200, reply: () => ({ raw: events }), body: 'data: 1\n\ndata: 2\n\n' },
]

function rawWrites(res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/plain' })
  res.write('<1>')
  res.end('<2>')
}

function events(res: ServerResponse): void {
  res.setHeader('content-type', 'text/event-stream')
  res.flushHeaders()
  res.write('data: 1\n\n')
  setImmediate(() => res.end('data: 2\n\n'))
}

/** What every framework owes on every database; the numbers are those of the research that found them. */
export function requestRows(framework: Framework, database: TestDatabase): void {
  const row = (title: string, run: (world: World) => Promise<void>, needs?: FrameworkLack | Lack): void => {
    const lack = needs && { ...framework.lacks, ...database.lacks }[needs]
    it.skipIf(lack)(lack ? `${title} (${lack})` : title, () => inWorld(framework, database, run))
  }
  const write =
    (world: World, text: string, reply: Reply = { json: { ok: true } }): Handler =>
    async () => {
      await world.Note.create({ text })
      return reply
    }

  row('01 an answer means committed: 100 writes at once, each visible when its head arrives', async (world) => {
    const app = await world.start({
      'POST /notes': async ({ body }) => {
        const note = await world.Note.create({ text: (body as { text: string }).text })
        return { json: await world.Note.get(note.id) }
      },
    })
    const seen = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const answer = await fetch(`${app.url}/notes`, { method: 'POST', headers: asJson, body: JSON.stringify({ text: `n${index}` }) })
        const committed = await world.texts()
        const body = (await answer.json()) as { text: string }
        return answer.status === 200 && committed.includes(`n${index}`) && body.text === `n${index}`
      }),
    )
    expect(seen.filter((each) => !each)).toEqual([])
  })

  row('02 a commit that fails is an error, worded by the application', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        await world.breakCommit()
        return { json: { ok: true } }
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(await answer.json()).toHaveProperty('worded')
    expect(await world.texts()).toEqual([])
    expect(world.reports.map(({ kind }) => kind)).toContain('commit-failed')
  })

  row('02c a commit that fails is an error, also when the error handler says success', async (world) => {
    const app = await world.start(
      {
        'POST /notes': async () => {
          await world.breakCommit()
          return { json: { ok: true } }
        },
      },
      { errorStatus: 200 },
    )
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect(answer.status).toBe(500)
  })

  row('03 what is thrown rolls back', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        throw new Error('boom')
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([500, { worded: 'boom' }])
    expect(await world.texts()).toEqual([])
  })

  for (const status of [400, 404, 500]) {
    row(`05 an answer of ${status} rolls back, and tells what it dropped`, async (world) => {
      const app = await world.start({ 'POST /notes': write(world, 'lost', { json: {}, status }) })
      expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(status)
      expect(await world.texts()).toEqual([])
      expect(world.reports).toMatchObject([{ kind: 'veto', label: 'POST /notes', rows: 1, status }])
    })
  }

  row('06 an error that the application answers with success rolls back', async (world) => {
    const app = await world.start(
      {
        'POST /notes': async () => {
          await world.Note.create({ text: 'lost' })
          throw new Error('boom')
        },
      },
      { errorStatus: 200 },
    )
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
    expect(await world.texts()).toEqual([])
  })

  for (const { name, status, reply, body, method = 'POST' } of answers) {
    for (const works of [true, false]) {
      row(`08 ${name} leaves after the commit${works ? '' : ', and not at all when it fails'}`, async (world) => {
        const folder = await mkdtemp(join(tmpdir(), 'alchemy-'))
        const file = join(folder, 'file.txt')
        await writeFile(file, 'from a file')
        const handler: Handler = async () => {
          await world.Note.create({ text: 'kept' })
          if (!works) await world.breakCommit()
          return reply(file)
        }
        const app = await world.start({ [method === 'HEAD' ? 'GET /notes' : 'POST /notes']: handler })
        const answer = await fetch(`${app.url}/notes`, { method, redirect: 'manual' })
        const committed = await world.texts()
        const text = await answer.text()
        await rm(folder, { recursive: true })
        if (works) {
          expect([answer.status, committed]).toEqual([status, ['kept']])
          if (body !== undefined) expect(text).toBe(body)
        } else {
          expect(answer.status).toBeGreaterThanOrEqual(400)
          expect(committed).toEqual([])
          expect(text).not.toMatch(/"ok"|fine|<1>|data: 1|from a file/)
          expect(answer.headers.get('location')).toBeNull()
        }
      })
    }
  }

  row('16 three megabytes reach a slow reader whole', async (world) => {
    const piece = 'x'.repeat(64 * 1024)
    const app = await world.start({
      'GET /big': async () => {
        await world.Note.create({ text: 'big' })
        return { stream: Readable.from(Array.from({ length: 48 }, () => piece)) }
      },
    })
    const length = await new Promise<number>((resolve, reject) => {
      const read = async (res: IncomingMessage): Promise<number> => {
        let bytes = 0
        for await (const chunk of res) {
          bytes += (chunk as Buffer).length
          if (bytes % 5 === 0) await sleep(1)
        }
        return bytes
      }
      request(`${app.url}/big`, (res) => void read(res).then(resolve, reject))
        .on('error', reject)
        .end()
    })
    expect(length).toBe(48 * piece.length)
  })

  row('16b write and wait for room', async (world) => {
    const app = await world.start({
      'GET /rows': async () => {
        await world.Note.create({ text: 'rows' })
        return {
          raw: async (res) => {
            for (let line = 0; line < 200; line++) {
              if (!res.write(`${'y'.repeat(4_096)}\n`)) await once(res, 'drain')
            }
            res.end()
          },
        }
      },
    })
    expect((await (await fetch(`${app.url}/rows`)).text()).length).toBe(200 * 4_097)
  })

  row('16c stream.pipeline fills the raw answer', async (world) => {
    const pieces = Array.from({ length: 48 }, () => 'x'.repeat(64 * 1_024))
    const app = await world.start({
      'GET /stream': write(world, 'kept', { raw: (res) => pipeline(Readable.from(pieces), res) }),
      'GET /iterator': write(world, 'kept', {
        raw: (res) =>
          pipeline(async function* () {
            yield* pieces
          }, res),
      }),
    })
    for (const path of ['/stream', '/iterator']) {
      expect((await (await fetch(`${app.url}${path}`)).text()).length).toBe(48 * 64 * 1_024)
    }
  })

  row('16d hints leave at once; trailers and callbacks come with the answer', async (world) => {
    const called: string[] = []
    const app = await world.start({
      'POST /notes': write(world, 'kept', {
        raw: (res) => {
          res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
          res.writeHead(200, { trailer: 'x-sum', 'transfer-encoding': 'chunked' })
          res.write('<1>', () => called.push('write'))
          res.addTrailers({ 'x-sum': '2' })
          res.end('<2>', () => called.push('end'))
        },
      }),
    })
    const call = request(`${app.url}/notes`, { method: 'POST' })
    const hinted = once(call, 'information')
    call.end()
    const [res] = (await once(call, 'response')) as [IncomingMessage]
    expect(await world.texts()).toEqual(['kept'])
    let text = ''
    for await (const chunk of res) text += String(chunk)
    await hinted
    expect([text, res.trailers['x-sum'], called]).toEqual(['<1><2>', '2', ['write', 'end']])
  })

  row('16e a client that waits for 100 Continue is answered', async (world) => {
    const app = await world.start({
      'POST /notes': async ({ body }) => (await world.Note.create({ text: (body as { text: string }).text }), { json: {} }),
    })
    const body = '{"text":"kept"}'
    const call = request(`${app.url}/notes`, {
      method: 'POST',
      headers: { ...asJson, expect: '100-continue', 'content-length': body.length },
    })
    call.once('continue', () => call.end(body)).flushHeaders()
    const [res] = (await once(call, 'response')) as [IncomingMessage]
    expect([res.resume().statusCode, await world.texts()]).toEqual([200, ['kept']])
  })

  row('17 a second answer while the commit is pending leaves the first whole', async (world) => {
    const app = await world.start({ 'POST /notes': write(world, 'kept', { twice: [{ first: 1 }, { second: 'second' }] }) })
    const answer = fetch(`${app.url}/notes`, { method: 'POST' }).then((each) => each.json())
    // Where the first may be lost it is lost whole.
    if (framework.lacks['second answers']) expect([{ first: 1 }, 'lost']).toContainEqual(await answer.catch(() => 'lost'))
    else expect(await answer).toEqual({ first: 1 })
    expect(await world.texts()).toEqual(['kept'])
  })

  row('18 a request that touches no database opens no connection and sends no statement', async (world) => {
    const app = await world.start({ 'GET /static': () => ({ json: { still: true } }) })
    world.statements.length = 0
    for (let time = 0; time < 5; time++) expect((await fetch(`${app.url}/static`)).status).toBe(200)
    expect(world.statements).toEqual([])
  })

  row('18b a request that only reads holds nothing, opens no transaction, and its answer waits for nothing', async (world) => {
    const late = latch<unknown>()
    const app = await world.start({
      'GET /notes': async () => {
        const notes = await world.Note.query().all()
        return { json: { notes: notes.length, leased: world.db.dataSource.alchemy.pool.leased } }
      },
      'GET /raw': async () => {
        await world.Note.query().all()
        return {
          raw: async (res) => {
            res.writeHead(200)
            // With nothing to commit the first byte leaves at once, and the session is over with it.
            const headWasSent = res.write('fine')
            late.open([
              headWasSent,
              await world.Note.query()
                .all()
                .catch((error: unknown) => error),
            ])
            res.end()
          },
        }
      },
    })
    world.statements.length = 0
    expect(await (await fetch(`${app.url}/notes`)).json()).toEqual({ notes: 0, leased: 0 })
    expect(world.statements).toHaveLength(1)
    expect(await (await fetch(`${app.url}/raw`)).text()).toBe('fine')
    expect(await late.promise).toEqual([true, expect.any(ScopeClosedError)])
  })

  row('19 a client that leaves rolls back at once, and the handler is refused from then on', async (world) => {
    const written = latch()
    const late = latch<unknown>()
    const app = await world.start({
      'POST /notes': async ({ res }) => {
        await world.Note.create({ text: 'lost' })
        written.open()
        await once(res, 'close')
        await world.settled()
        late.open(await world.Note.create({ text: 'late' }).catch((error: unknown) => error))
        return { json: {} }
      },
    })
    const leaving = request(`${app.url}/notes`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await written.promise
    leaving.destroy()
    expect(await late.promise).toBeInstanceOf(ScopeClosedError)
    expect(await world.texts()).toEqual([])
  })

  row('19b a client that closes its half has all of the answer, or nothing is kept', async (world) => {
    const app = await world.start({
      'GET /notes': async () => {
        await world.Note.create({ text: 'first' })
        await sleep(20)
        await world.Note.create({ text: 'second' })
        return { json: {} }
      },
    })
    const socket = connect({ port: Number(new URL(app.url).port), host: '127.0.0.1', allowHalfOpen: true })
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.end('GET /notes HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'close')
    await world.settled()
    expect(await world.texts()).toEqual(text.startsWith('HTTP/1.1 200') ? ['first', 'second'] : [])
  })

  row('20 a client that leaves a handler that hangs gives its connection back', async (world) => {
    const written = latch()
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        written.open()
        return new Promise<Reply>(() => undefined)
      },
    })
    const leaving = request(`${app.url}/notes`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await written.promise
    leaving.destroy()
    await world.settled()
    expect(await world.texts()).toEqual([])
  })

  row('21 a client that leaves during the commit gets no answer, and its work is kept', async (world) => {
    const leave = latch()
    const app = await world.start({
      'POST /notes': async ({ res }) => {
        await world.Note.create({ text: 'kept' })
        world.db.onCommit(async () => {
          leave.open()
          await once(res, 'close')
        })
        return { json: {} }
      },
    })
    world.statements.length = 0
    const leaving = request(`${app.url}/notes`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await leave.promise
    leaving.destroy()
    await world.settled()
    expect(await world.texts()).toEqual(['kept'])
    expect(world.statements.filter((sql) => /^(COMMIT|ROLLBACK)/i.test(sql))).toHaveLength(1)
  })

  row('22 a client that leaves while a stream is under way settles once', async (world) => {
    const app = await world.start({
      'GET /rows': async () => {
        await world.Note.create({ text: 'kept' })
        return { stream: Readable.from(endless()) }
      },
    })
    const res = await new Promise<IncomingMessage>((resolve) => {
      request(`${app.url}/rows`, resolve).end()
    })
    await once(res, 'data')
    res.destroy()
    await world.settled()
    expect(await world.texts()).toEqual(['kept'])
  })

  row('23 what comes after the answer is refused, and told', async (world) => {
    const late = latch<unknown>()
    const app = await world.start({
      'POST /notes': async ({ res }) => {
        await world.Note.create({ text: 'kept' })
        once(res, 'finish')
          .then(() => world.Note.create({ text: 'late' }))
          .catch((error: unknown) => late.open(error))
        return { json: {} }
      },
    })
    await (await fetch(`${app.url}/notes`, { method: 'POST' })).text()
    expect(await late.promise).toMatchObject({ code: 'SCOPE_CLOSED', message: expect.stringContaining('POST /notes') as string })
    expect(await world.texts()).toEqual(['kept'])
  })

  row('23b work that nobody awaits and that comes too late does not end the process', async (world) => {
    const called = latch()
    const app = await world.start({
      'POST /notes': async ({ res }) => {
        await world.Note.create({ text: 'kept' })
        res.once('finish', () => {
          void world.Note.create({ text: 'late' })
          called.open()
        })
        return { json: {} }
      },
    })
    await (await fetch(`${app.url}/notes`, { method: 'POST' })).text()
    await called.promise
    if (framework.lacks['events in the session']) await vi.waitFor(async () => expect(await world.texts()).toEqual(['kept', 'late']))
    else await until(() => world.reports.some(({ kind }) => kind === 'scope-closed'))
  })

  row('23c a chain that began before the answer is waited for, whole', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        const note = await world.Note.create({ text: 'old' })
        void world.Note.get(note.id).update({ text: 'new' }).increment('n', 2).update({ text: 'newest' })
        return { json: {} }
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
    expect(await world.texts()).toEqual(['newest'])
  })

  row('24 two databases commit with one answer; 25 what the second refuses is told; 26 the first refuses for both', async (world) => {
    const fresh = await database.create()
    const second = new ActiveAlchemy(fresh.uri, { name: 'second' })
    const Other = noteModel(second)
    await second.createAll()
    for (const sql of database.prepareBreak) await second.dataSource.query(sql)
    const breakSecond = async (): Promise<void> => {
      for (const sql of database.breakCommit) await second.session.manager.query(sql)
    }
    const both = async (): Promise<void> => {
      await world.Note.create({ text: 'first' })
      await Other.create({ text: 'second' })
    }
    const app = await world.start(
      {
        'POST /both': async () => (await both(), { json: {} }),
        'POST /second': async () => (await both(), await breakSecond(), { json: {} }),
        'POST /first': async () => (await both(), await world.breakCommit(), { json: {} }),
      },
      { databases: [world.db, second] },
    )
    const post = async (path: string): Promise<unknown> => {
      const answer = await fetch(`${app.url}${path}`, { method: 'POST' })
      return [answer.status, await answer.json()]
    }
    try {
      expect(await post('/both')).toEqual([200, {}])
      expect([await world.Note.count(), await Other.count()]).toEqual([1, 1])
      expect(await post('/second')).toEqual([500, { worded: 'COMMIT_FAILED' }])
      expect([await world.Note.count(), await Other.count()]).toEqual([2, 1])
      expect(world.reports.at(-1)?.error).toMatchObject({ committed: ['test'], failed: ['second'] })
      expect(await post('/first')).toMatchObject([expect.any(Number), { worded: expect.not.stringContaining('COMMIT_FAILED') as string }])
      expect([await world.Note.count(), await Other.count()]).toEqual([2, 1])
    } finally {
      await second.close()
      await fresh.drop()
    }
  })

  row('27 a rollback that fails hides nothing', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        // The transaction ends behind the session's back: its own ROLLBACK finds none.
        await world.db.session.manager.query('ROLLBACK').catch(() => undefined)
        throw new Error('boom')
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([500, { worded: 'boom' }])
    expect(await world.texts()).toEqual([])
  })

  row('28 fifty requests on one socket each have their own scope', async (world) => {
    const app = await world.start({
      'POST /notes': async ({ body }) => (await world.Note.create({ text: (body as { text: string }).text }), { json: {} }),
    })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let index = 0; index < 50; index++) {
      await new Promise<void>((resolve, reject) => {
        const call = request(`${app.url}/notes`, { method: 'POST', agent, headers: asJson }, (res) => res.resume().on('end', resolve))
        call.on('error', reject).end(JSON.stringify({ text: `n${index}` }))
      })
    }
    agent.destroy()
    expect(await world.texts()).toHaveLength(50)
  })

  row('29 pipelined requests are answered in their order', async (world) => {
    const app = await world.start({ 'GET /write': write(world, 'kept'), 'GET /fail': write(world, 'lost', { json: {}, status: 400 }) })
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    socket.write(get('/write') + get('/fail') + get('/write'))
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk)))
    await until(() => (text.match(/HTTP\/1\.1/g) ?? []).length === 3)
    socket.destroy()
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 200'])
    expect(await world.texts()).toEqual(['kept', 'kept'])
  })

  row('31 a server that stops answers what is under way', async (world) => {
    const entered = latch()
    const go = latch()
    const app = await world.start({
      'POST /notes': async () => {
        entered.open()
        await go.promise
        await world.Note.create({ text: 'kept' })
        return { json: {} }
      },
    })
    const answer = fetch(`${app.url}/notes`, { method: 'POST' })
    await entered.promise
    app.server.close()
    go.open()
    expect((await answer).status).toBe(200)
    expect(await world.texts()).toEqual(['kept'])
  })

  row(
    '34 HTTP/2: an answer means committed, and a commit that fails is an error',
    async (world) => {
      const app = await world.start(
        {
          'POST /kept': write(world, 'kept'),
          'POST /lost': async () => {
            await world.Note.create({ text: 'lost' })
            await world.breakCommit()
            return { json: { ok: true } }
          },
          'POST /thrown': async () => {
            await world.Note.create({ text: 'lost' })
            throw new Error('boom')
          },
          'GET /stream': write(world, 'streamed', { stream: Readable.from(['<1>', '<2>']) }),
        },
        { http2: true },
      )
      const client = connectHttp2(app.url)
      const call = async (method: string, path: string): Promise<[status: unknown, committed: string[], text: string]> => {
        const stream = client.request({ ':method': method, ':path': path })
        const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
        const committed = await world.texts()
        let text = ''
        for await (const chunk of stream) text += String(chunk)
        return [head[':status'], committed, text]
      }
      try {
        expect(await call('POST', '/kept')).toEqual([200, ['kept'], '{"ok":true}'])
        const [status, , text] = await call('POST', '/lost')
        expect([status, text]).toEqual([expect.toSatisfy((each: number) => each >= 400), expect.stringContaining('worded')])
        expect(await call('POST', '/thrown')).toEqual([500, ['kept'], '{"worded":"boom"}'])
        expect(await call('GET', '/stream')).toEqual([200, ['kept', 'streamed'], '<1><2>'])
      } finally {
        client.destroy()
      }
    },
    'HTTP/2',
  )

  for (const [kind, body, type] of [
    ['JSON', '{"text":"json"}', 'application/json'],
    ['urlencoded', 'text=form', 'application/x-www-form-urlencoded'],
    ['multipart', multipart('text', 'part'), `multipart/form-data; boundary=${boundary}`],
    ['large JSON', JSON.stringify({ text: 'large', padding: 'z'.repeat(1_000_000) }), 'application/json'],
  ] as const) {
    row(`35 a body of ${kind} keeps the session: whole, in two packets, slowly`, async (world) => {
      const app = await world.start({
        'POST /notes': async ({ body: parsed }) => {
          await world.Note.create({ text: (parsed as { text: string }).text })
          return { json: await world.Note.count() }
        },
      })
      const third = Math.ceil(body.length / 3)
      const cuts = [[body], [body.slice(0, 5), body.slice(5)], [0, 1, 2].map((part) => body.slice(part * third, (part + 1) * third))]
      for (const pieces of cuts) expect(await send(`${app.url}/notes`, type, pieces)).toBe(200)
      expect(await world.texts()).toHaveLength(cuts.length)
    })
  }

  row('35b a handler that reads its body by callbacks keeps the session', async (world) => {
    const app = await world.start({
      'POST /notes': async ({ req }) =>
        new Promise((resolve, reject) => {
          let text = ''
          req.on('data', (chunk) => (text += String(chunk)))
          req.once('end', () => {
            world.Note.create({ text }).then(() => resolve({ json: {}, status: 400 }), reject)
          })
        }),
    })
    expect(await send(`${app.url}/notes`, 'application/octet-stream', ['one', 'two'])).toBe(400)
    expect(await world.texts()).toEqual([])
  })

  row(
    '35c a callback that runs in the context of another request is refused, and a second mount finds the right session',
    async (world) => {
      // Events of a socket run in the context that opened it: that of the first request, which is over.
      let socket: AsyncResource | undefined
      const between = (next: () => void): void => (socket ? socket.runInAsyncScope(next) : next())
      const routes: Record<string, Handler> = {
        'POST /open': () => ((socket = new AsyncResource('pooled socket')), { json: {} }),
        'POST /notes': async () => {
          const note = await world.Note.create({ text: 'kept' })
          return { json: await world.Note.get(note.id) }
        },
      }
      for (const mountTwice of [false, true]) {
        socket = undefined
        const app = await world.start(routes, { between, mountTwice })
        // The first request has used its session, or there would be nothing to refuse.
        expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
        expect((await fetch(`${app.url}/open`, { method: 'POST' })).status).toBe(200)
        const before = (await world.texts()).length
        const { status } = await fetch(`${app.url}/notes`, { method: 'POST' })
        const finds = framework.lacks['lost sessions'] ?? (mountTwice && !framework.lacks['a second mount'])
        expect([status, (await world.texts()).length - before]).toEqual(finds ? [200, 1] : [500, 0])
      }
    },
  )

  row('36 a transaction that is held too long is rolled back, and the handler is refused', async (world) => {
    const fresh = await database.create()
    const impatient = new ActiveAlchemy(fresh.uri, { transactionTimeoutMs: 50 })
    const Note = noteModel(impatient)
    await impatient.createAll()
    const app = await world.start(
      {
        'POST /notes': async () => {
          await Note.create({ text: 'lost' })
          await until(() => impatient.dataSource.alchemy.pool.leased === 0)
          await Note.create({ text: 'late' })
          return { json: {} }
        },
      },
      { databases: [impatient] },
    )
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(503)
    expect(await Note.count()).toBe(0)
    await impatient.close()
    await fresh.drop()
  })

  row('36b an answer waits for work that never ends no longer than a transaction may last, or than its client stays', async (world) => {
    const fresh = await database.create()
    const { db, leases } = open(ActiveAlchemy, fresh, { transactionTimeoutMs: 200 })
    const Note = noteModel(db)
    await db.createAll()
    const entered = latch()
    const endless: Handler = async () => {
      db.transaction(async () => {
        await Note.create({ text: 'lost' })
        entered.open()
        await new Promise(() => undefined)
      }).catch(() => undefined)
      await entered.promise
      return { json: {} }
    }
    const app = await world.start({ 'POST /notes': endless }, { databases: [db] })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(503)
    const leaving = request(`${app.url}/notes`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await until(() => db.dataSource.alchemy.pool.leased > 0)
    leaving.destroy()
    await until(() => leases.released === leases.leased)
    expect(await Note.count()).toBe(0)
    await db.close()
    await fresh.drop()
  })

  row('39 mounted twice it is one scope and one commit', async (world) => {
    const app = await world.start({ 'POST /notes': write(world, 'kept') }, { mountTwice: true })
    world.statements.length = 0
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
    expect(world.statements.filter((sql) => /^COMMIT/i.test(sql))).toHaveLength(1)
  })

  row('39b two applications share one database', async (world) => {
    const one = await world.start({ 'POST /notes': write(world, 'one') })
    const two = await world.start({ 'POST /notes': write(world, 'two') })
    await Promise.all([fetch(`${one.url}/notes`, { method: 'POST' }), fetch(`${two.url}/notes`, { method: 'POST' })])
    expect((await world.texts()).sort()).toEqual(['one', 'two'])
  })

  row('40 a statement whose error was swallowed makes the answer an error', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        await world.db.session.manager.query('select * from no_such_table').catch(() => undefined)
        return { json: {} }
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([500, { worded: 'SESSION_FAILED' }])
    expect(await world.texts()).toEqual([])
  })

  row('41 a sibling of what failed leaves no row', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await Promise.all([
          world.Note.create({ text: 'a' }),
          world.db.session.manager.query('select * from no_such_table'),
          world.Note.create({ text: 'b' }),
        ])
        return { json: {} }
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(500)
    await world.settled()
    expect(await world.texts()).toEqual([])
  })

  row('40b an answer that cannot be said rolls back', async (world) => {
    const app = await world.start({ 'POST /notes': write(world, 'lost', { json: { n: 10n } }) })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(500)
    expect(await world.texts()).toEqual([])
  })

  for (const [what, raw] of [
    ['a head in a list', (res: ServerResponse) => res.writeHead(200, ['x-bad', 'a\nb']).end()],
    ['a message', (res: ServerResponse) => res.writeHead(200, 'a\nb').end()],
    ['a number as a body', (res: ServerResponse) => res.end(5)],
    ['a status', (res: ServerResponse) => Object.assign(res, { statusCode: 1_000 }).end()],
  ] as const) {
    row(`40c what Node refuses of an answer is refused before the commit: ${what}`, async (world) => {
      const refused: unknown[] = []
      const app = await world.start({
        'POST /notes': write(world, 'lost', {
          raw: (res) => {
            try {
              raw(res)
            } catch (error) {
              refused.push(error)
              res.statusCode = 500
              res.end()
            }
          },
        }),
      })
      expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(500)
      expect([refused.length, await world.texts()]).toEqual([1, []])
    })
  }

  row('41b a verb that nobody awaits and that fails makes the answer an error', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        void world.Note.get(4711).update({ text: 'missing' })
        return { json: { ok: true } }
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(404)
    expect(await world.texts()).toEqual([])
    expect(world.reports).toMatchObject([{ kind: 'not-awaited', label: 'POST /notes' }])
  })

  for (const [what, fail] of [
    ['a query', async ({ Note }: World) => void Note.filter({ text: 'none' }).firstOrError()],
    ['a bulk write', async ({ Note }: World) => void Note.query().updateAll({ n: 'one' } as never)],
    ['a commit', async (world: World) => (await world.breakCommit(), void world.db.commit())],
  ] as const) {
    row(`41c ${what} that nobody awaits and that fails makes the answer an error, and does not end the process`, async (world) => {
      const app = await world.start({
        'POST /notes': async () => {
          await world.Note.create({ text: 'lost' })
          await fail(world)
          return { json: { ok: true } }
        },
      })
      expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBeGreaterThanOrEqual(400)
      expect(await world.texts()).toEqual([])
      expect(world.reports.map(({ kind }) => kind)).toContain('not-awaited')
    })
  }

  row(
    '42 a connection that is killed before the commit makes the answer an error, and the pool is whole again',
    async (world) => {
      const app = await world.start({
        'POST /kept': write(world, 'kept'),
        'POST /killed': async () => {
          await world.Note.create({ text: 'lost' })
          await database.kill?.((sql) => world.db.session.manager.query(sql))
          return { json: {} }
        },
      })
      const post = async (path: string): Promise<number> => (await fetch(`${app.url}${path}`, { method: 'POST' })).status
      expect([await post('/killed'), await post('/kept')]).toEqual([503, 200])
      await world.settled()
      expect(await world.texts()).toEqual(['kept'])
    },
    'a server',
  )

  row('43 commitAnyway keeps the work behind an answer below 500, thrown or sent, and behind no other', async (world) => {
    const counted = async (text: string): Promise<void> => {
      await world.Note.create({ text })
      world.db.session.commitAnyway('a failed login')
    }
    const app = await world.start({
      'POST /sent': async () => (await counted('sent'), { json: {}, status: 401 }),
      'POST /thrown': async () => {
        await counted('thrown')
        throw Object.assign(new Error('no'), { status: 401 })
      },
      'POST /broken': async () => (await counted('broken'), { json: {}, status: 500 }),
    })
    for (const path of ['/sent', '/thrown', '/broken']) await fetch(`${app.url}${path}`, { method: 'POST' })
    expect(await world.texts()).toEqual(['sent', 'thrown'])
  })

  row('44 rollbackOnly drops the work and leaves the answer', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        world.db.session.rollbackOnly('a rehearsal')
        return { json: { rehearsed: true } }
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([200, { rehearsed: true }])
    expect(await world.texts()).toEqual([])
  })

  row('45 rollbackWhen decides, and skip leaves out', async (world) => {
    const app = await world.start(
      {
        'POST /kept': write(world, 'kept', { json: {}, status: 422 }),
        'POST /skipped': async () => (expect(() => world.db.session).toThrow('outside any request'), { json: {} }),
      },
      { options: { rollbackWhen: ({ status }) => status >= 500, skip: ({ url }) => url === '/skipped' } },
    )
    expect((await fetch(`${app.url}/kept`, { method: 'POST' })).status).toBe(422)
    expect((await fetch(`${app.url}/skipped`, { method: 'POST' })).status).toBe(200)
    expect(await world.texts()).toEqual(['kept'])
  })

  row('45b a rollbackWhen that throws rolls back, and its error is answered', async (world) => {
    const rollbackWhen = (): never => {
      throw new Error('undecided')
    }
    const app = await world.start({ 'POST /notes': write(world, 'lost') }, { options: { rollbackWhen } })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([500, { worded: 'undecided' }])
    expect(await world.texts()).toEqual([])
  })

  row('46 onCommit runs after the commit and before the answer, and not after a rollback', async (world) => {
    const told: string[] = []
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'kept' })
        world.db.onCommit(async () => void told.push(...(await world.texts())))
        return { json: {} }
      },
      'POST /lost': async () => {
        world.db.onCommit(() => void told.push('never'))
        world.db.session.onRollback(() => void told.push('rolled back'))
        await world.Note.create({ text: 'lost' })
        throw new Error('boom')
      },
    })
    await fetch(`${app.url}/notes`, { method: 'POST' })
    await fetch(`${app.url}/lost`, { method: 'POST' })
    expect(told).toEqual(['kept', 'rolled back'])
  })

  row('47 a record that is not found is a 404, a taken value a 409, a wrong one a 422, a wrong key a 400', async (world) => {
    const { Note } = world
    const app = await world.start({
      'GET /missing': async () => ({ json: await Note.getOrError(4711) }),
      'GET /chain': async () => ({ json: await Note.get(4711).delete() }),
      'GET /wrong': async () => ({ json: await Note.create({ text: 'x', n: 'one' } as never) }),
      'GET /unknown': async () => ({ json: await Note.create({ text: 'x', admin: true } as never) }),
      'GET /key': async () => ({ json: await Note.get(['1', '2']) }),
    })
    const statuses: Record<string, number> = {}
    for (const path of ['missing', 'chain', 'wrong', 'unknown', 'key']) statuses[path] = (await fetch(`${app.url}/${path}`)).status
    expect(statuses).toEqual({ missing: 404, chain: 404, wrong: 422, unknown: 422, key: 400 })
  })

  row('48 plain TypeORM joins: repositories taken before, managers, builders, query and transaction', async (world) => {
    const { Note, db } = world
    const kept = db.dataSource.getRepository(Note)
    const app = await world.start({
      'POST /notes': async () => {
        await kept.save(kept.create({ text: 'repository' }))
        await db.dataSource.manager.insert(Note, { text: 'manager' })
        await db.dataSource.createQueryBuilder().insert().into(Note).values({ text: 'builder' }).execute()
        await db.dataSource.transaction(async (manager) => manager.save(manager.create(Note, { text: 'transaction' })))
        const runner = db.dataSource.createQueryRunner()
        await runner.connect()
        await runner.startTransaction()
        await runner.manager.insert(Note, { text: 'runner' })
        await runner.commitTransaction()
        await runner.release()
        expect(await kept.count()).toBe(5)
        throw new Error('boom')
      },
    })
    expect(await (await fetch(`${app.url}/notes`, { method: 'POST' })).json()).toEqual({ worded: 'boom' })
    expect(await world.texts()).toEqual([])
  })

  row('49 fifty requests that read, change and write under a lock lose nothing', async (world) => {
    const { Note } = world
    const { id } = await Note.create({ text: 'counter' })
    const app = await world.start({
      'POST /lock': async () => {
        const note = await Note.get(id, { forUpdate: true })
        await note?.update({ n: note.n + 1 })
        return { json: {} }
      },
      'POST /increment': async () => ({ json: await Note.get(id).increment('n') }),
    })
    const post = (path: string): Promise<Response> => fetch(`${app.url}${path}`, { method: 'POST' })
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => (await post(index % 2 ? '/lock' : '/increment')).status),
    )
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect((await Note.get(id))?.n).toBe(50)
  })
}

const boundary = 'alchemy-boundary'

function multipart(name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--${boundary}--\r\n`
}

/** Posts the pieces one after the other, each in a packet of its own. @returns The status of the answer. */
async function send(url: string, type: string, pieces: readonly string[]): Promise<number | undefined> {
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(pieces.join('')) }
  const call = request(url, { method: 'POST', headers })
  const answer = new Promise<number | undefined>((resolve, reject) => {
    call.once('response', (res) => resolve(res.resume().statusCode)).once('error', reject)
  })
  for (const piece of pieces) {
    call.write(piece)
    await sleep(3)
  }
  call.end()
  return answer
}

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield 'z'.repeat(1_024)
    await sleep(1)
  }
}
