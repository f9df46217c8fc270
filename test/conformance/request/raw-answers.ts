import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { asJson, rowIn, write } from '../world.ts'

/** Answers that the handler writes itself, piece by piece. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('three megabytes reach a slow reader whole', async (world) => {
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

  row('write and wait for room', async (world) => {
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

  row('stream.pipeline fills the raw answer', async (world) => {
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

  row('hints leave at once; trailers and callbacks come with the answer', async (world) => {
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

  row('a client that waits for 100 Continue is answered', async (world) => {
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
}
