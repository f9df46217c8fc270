import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { type TestDatabase, work } from '../../databases/database.ts'
import { sqliteFile } from '../../databases/sqlite.ts'
import type { Framework, Handler, Reply } from '../../frameworks/framework.ts'
import { latch, rowIn, until, type World } from '../world.ts'

/** Exports: tables that leave as a stream, far larger than what is in memory at once. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)
  // More than the buffers between server and client hold. `ROWS=100000` is a large one.
  const count = Number(process.env['ROWS'] ?? (database === sqliteFile ? 20_000 : 5_000))

  /** Notes by one statement, with a text that fills the buffers of sockets soon. */
  async function fill({ db }: World): Promise<void> {
    const text = 'x'.repeat(190)
    const numbers =
      database.name === 'postgres'
        ? `select generate_series as i from generate_series(1, ${count})`
        : database.name === 'mariadb'
          ? `select seq as i from seq_1_to_${count}`
          : `with recursive numbers(i) as (select 1 union all select i + 1 from numbers where i < ${count}) select i from numbers`
    const now = database.name === 'sqlite' ? "'2026-01-01 00:00:00.000000'" : "'2026-01-01 00:00:00'"
    const columns = 'text, n, created_at, updated_at, is_deleted'
    await db.dataSource.query(
      `insert into note (${columns}) select '${text}', i, ${now}, ${now}, ${database.name === 'postgres' ? 'false' : '0'} from (${numbers}) as all_numbers`,
    )
    await db.dataSource.query(database.name === 'mariadb' ? 'analyze table note' : 'analyze note')
  }

  async function* csv(notes: AsyncIterable<{ readonly n: number; readonly text: string }>): AsyncGenerator<string> {
    yield 'n,text\n'
    for await (const { n, text } of notes) yield `${n},${text}\n`
  }
  async function* ndjson(notes: AsyncIterable<object>): AsyncGenerator<string> {
    for await (const note of notes) yield `${JSON.stringify(note)}\n`
  }
  const routes = ({ Note }: World): Record<string, Handler> => ({
    'GET /notes.csv': () => ({ stream: Readable.from(csv(Note.query().stream())) }),
    'GET /notes.ndjson': () => ({ stream: Readable.from(ndjson(Note.query().stream())) }),
    'GET /raw.csv': () => ({ raw: (res) => pipeline(Note.query().stream(), csv, res.writeHead(200)).catch(() => undefined) }),
  })

  row(`a table of ${count} rows leaves whole, as CSV and as NDJSON`, async (world) => {
    await fill(world)
    const app = await world.start(routes(world))
    const sums: number[] = []
    for (const [path, numberOf] of [
      ['/notes.csv', (line: string) => Number(line.slice(0, line.indexOf(',')))],
      ['/notes.ndjson', (line: string) => (JSON.parse(line) as { readonly n: number }).n],
    ] as const) {
      const { body } = await fetch(app.url + path)
      let [rest, lines, sum] = ['', 0, 0]
      for await (const chunk of Readable.fromWeb(body as never).setEncoding('utf8')) {
        const parts = (rest + String(chunk)).split('\n')
        rest = parts.pop() ?? ''
        for (const line of parts) if (!line.startsWith('n,')) [lines, sum] = [lines + 1, sum + numberOf(line)]
      }
      sums.push(lines, sum)
    }
    const sum = (count * (count + 1)) / 2
    expect(sums).toEqual([count, sum, count, sum])
    expect(world.reports).toEqual([])
  })

  row('a client that stops reading stops the reading, and one that leaves ends it; neither holds a connection', async (world) => {
    await fill(world)
    const app = await world.start(routes(world))
    for (const path of ['/notes.csv', '/raw.csv']) {
      world.statements.length = 0
      const res = await new Promise<IncomingMessage>((resolve) => void request(`${app.url}${path}`, resolve).end())
      await once(res, 'readable')
      const isStill = async (): Promise<boolean> => {
        const before = work(world.statements).length
        await sleep(150)
        return work(world.statements).length === before
      }
      for (let turn = 0; !(await isStill()); turn++) if (turn === 100) throw new Error('It reads on')
      // Buffers of a socket hold some MB, and the rest of a large table was not read.
      if (count >= 100_000) expect(work(world.statements).length).toBeLessThan(count / 500 / 2)
      await until(() => world.db.dataSource.driver.pool.leased === 0)
      res.destroy()
      await world.settled()
      expect(await isStill()).toBe(true)
    }
  })

  row('an export that fails before its first byte is an error, and one that fails later is cut', async (world) => {
    await world.Note.createMany([1, 2, 3].map((n) => ({ text: 'x', n })))
    const broken = world.db.sql.read`no_such_column = 1`
    const app = await world.start({
      'GET /fails': async () => {
        const stream = world.Note.filter(broken).stream()
        await once(stream, 'readable')
        return { stream }
      },
      'GET /cut': () => ({
        stream: Readable.from(
          (async function* () {
            yield* csv(world.Note.query().stream())
            yield 'x'.repeat(100_000)
            yield* csv(world.Note.filter(broken).stream())
          })(),
        ),
      }),
    })
    expect((await fetch(`${app.url}/fails`)).status).toBe(500)
    await expect(fetch(`${app.url}/cut`).then((res) => res.text())).rejects.toBeInstanceOf(Error)
    await world.settled()
  })

  row('an end that is silent about a stream that failed is seen as a cut, and one that says so is an end', async (world) => {
    const failing = (end: (res: ServerResponse) => void, failed = latch(), parts = ['begun']): Reply => ({
      raw: async (res) => {
        const source = Readable.from(
          (async function* () {
            yield* parts
            await setImmediate()
            throw new Error('The disk is gone')
          })(),
        )
        source.once('error', () => {
          end(res)
          failed.open()
        })
        source.pipe(parts.length > 0 ? res.writeHead(200) : res)
        await once(res, 'close')
      },
    })
    const app = await world.start({
      'GET /silent': () => failing((res) => res.end()),
      'POST /held': async () => {
        // The head waits for the commit, and that for the stream to fail.
        const failed = latch()
        world.Note.after('commit', () => failed.promise, { await: true })
        await world.Note.create({ text: 'kept' })
        return failing((res) => res.end(), failed)
      },
      'GET /said': () => failing((res) => res.end(', and failed')),
      'GET /answered': () => failing((res) => res.writeHead(500).end(), latch(), []),
    })
    const textOf = async (path: string, method = 'GET'): Promise<string> => (await fetch(app.url + path, { method })).text()
    await expect(textOf('/silent')).rejects.toBeInstanceOf(Error)
    await expect(textOf('/held', 'POST')).rejects.toBeInstanceOf(Error)
    expect(await textOf('/said')).toBe('begun, and failed')
    expect((await fetch(`${app.url}/answered`)).status).toBe(500)
    await world.settled()
  })
}
