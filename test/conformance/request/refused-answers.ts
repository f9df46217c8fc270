import type { ServerResponse } from 'node:http'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn, write } from '../world.ts'

/** Answers that Node refuses when they are sent, which is after the commit. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)
  const strict = (res: ServerResponse): ServerResponse => Object.assign(res, { strictContentLength: true })

  for (const [what, raw] of [
    ['a status message of two lines', (res: ServerResponse) => Object.assign(res, { statusMessage: 'OK\r\nset-cookie: a=b' }).end('fine')],
    ['an encoding that does not exist', (res: ServerResponse) => res.end('fine', 'no-such-encoding' as BufferEncoding)],
    ['fewer bytes than it says', (res: ServerResponse) => strict(res).setHeader('content-length', 9).end('fine')],
    ['more bytes than it says', (res: ServerResponse) => strict(res).writeHead(200, { 'content-length': 2 }).end('fine')],
    [
      'a trailer of a body whose length is told',
      (res: ServerResponse) => res.writeHead(200, { trailer: 'x-sum', 'content-length': 4 }).end('fine'),
    ],
    [
      'a trailer of two lines, behind a head that is held',
      (res: ServerResponse) => {
        res.writeHead(200, { trailer: 'x-sum', 'transfer-encoding': 'chunked' }).write('fine')
        res.addTrailers({ 'x-sum': '1\r\nset-cookie: a=b' })
        res.end()
      },
    ],
    [
      'an encoding that does not exist, behind a head that is held',
      (res: ServerResponse) => res.writeHead(200).end('fine', 'no-such-encoding' as BufferEncoding),
    ],
    [
      'a body that is none, behind a part that is held',
      (res: ServerResponse) => {
        res.write('fine')
        res.end(5)
      },
    ],
  ] as const) {
    row(`${what} is an error, and nothing is kept`, async (world) => {
      const app = await world.start({
        'POST /notes': write(world, 'lost', {
          raw: (res) => {
            try {
              raw(res)
            } catch (error) {
              // As the handlers of errors do.
              res.statusCode = 500
              res.statusMessage = ''
              for (const name of res.getHeaderNames()) res.removeHeader(name)
              res.end(String(error))
            }
          },
        }),
      })
      const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
      expect(await answer.text()).not.toBe('fine')
      expect([answer.status, await world.texts()]).toEqual([500, []])
      expect(answer.headers.getSetCookie()).not.toContain('a=b')
    })
  }

  row('what is set on a response whose answer waits for its commit changes nothing of it', async (world) => {
    const app = await world.start({
      'POST /notes': write(world, 'kept', {
        raw: (res) => {
          res.statusCode = 202
          res.end('fine')
          Object.assign(res, { statusCode: 999_999, statusMessage: 'a\r\nb' })
        },
      }),
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.text(), await world.texts()]).toEqual([202, 'fine', ['kept']])
  })
}
