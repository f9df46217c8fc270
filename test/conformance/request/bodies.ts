import { AsyncResource } from 'node:async_hooks'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework, Handler } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

/** Bodies of requests, and the callbacks that bring them. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  for (const [kind, body, type] of [
    ['JSON', '{"text":"json"}', 'application/json'],
    ['urlencoded', 'text=form', 'application/x-www-form-urlencoded'],
    ['multipart', multipart('text', 'part'), `multipart/form-data; boundary=${boundary}`],
    ['large JSON', JSON.stringify({ text: 'large', padding: 'z'.repeat(1_000_000) }), 'application/json'],
  ] as const) {
    row(`a body of ${kind} keeps the session: whole, in two packets, slowly`, async (world) => {
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

  row('a handler that reads its body by callbacks keeps the session', async (world) => {
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

  row('a callback that runs in the context of another request is refused, and a second mount finds the right session', async (world) => {
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
