import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { asJson, latch, rowIn, until, write } from '../world.ts'

/** Many requests on one socket, HTTP/2, and servers that stop. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('fifty requests on one socket each have their own scope', async (world) => {
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

  row('pipelined requests are answered in their order', async (world) => {
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

  row('a server that stops answers what is under way', async (world) => {
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
    'HTTP/2: an answer means committed, and a commit that fails is an error',
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
        // Read at once: Node 26 closes what is read later than it has ended.
        const body = textOf(stream)
        return [head[':status'], await world.texts(), await body]
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
}
