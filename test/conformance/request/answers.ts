import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework, Handler, Reply } from '../../frameworks/framework.ts'
import { asJson, rowIn, write } from '../world.ts'

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

/** What answers there are, and when they leave. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('an answer means committed: 100 writes at once, each visible when its head arrives', async (world) => {
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

  for (const { name, status, reply, body, method = 'POST' } of answers) {
    for (const works of [true, false]) {
      row(`${name} leaves after the commit${works ? '' : ', and not at all when it fails'}`, async (world) => {
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

  row('a second answer while the commit is pending leaves the first whole', async (world) => {
    const app = await world.start({ 'POST /notes': write(world, 'kept', { twice: [{ first: 1 }, { second: 'second' }] }) })
    const answer = fetch(`${app.url}/notes`, { method: 'POST' }).then((each) => each.json())
    // Where the first may be lost it is lost whole.
    if (framework.lacks['second answers']) expect([{ first: 1 }, 'lost']).toContainEqual(await answer.catch(() => 'lost'))
    else expect(await answer).toEqual({ first: 1 })
    expect(await world.texts()).toEqual(['kept'])
  })

  row('an answer that cannot be said rolls back', async (world) => {
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
    row(`what Node refuses of an answer is refused before the commit: ${what}`, async (world) => {
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
}
