import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { latch, rowIn, until, type World } from '../world.ts'

type Wrap = (req: IncomingMessage, res: ServerResponse) => void

/** As the middleware of sessions does: stores with two statements, and lets the answer end when that is done. */
function storesAtTheEnd({ Note }: World): Wrap {
  return (req, res) => {
    const [end, write] = [res.end.bind(res), res.write.bind(res)]
    Reflect.set(res, 'end', (chunk?: string | Buffer | null) => {
      const store = async (): Promise<void> => {
        const note = await Note.create({ text: `begun ${req.url}` })
        await note.update({ text: `stored ${req.url}` })
      }
      const body = Buffer.from(chunk ?? '')
      // The last byte waits, or the client would not: unless it was written before.
      const ends = (): unknown => Reflect.apply(end, undefined, [body.subarray(-1)])
      store().then(ends, ends)
      if (body.length > 0) write(body.subarray(0, -1))
      return res
    })
  }
}

/** As a log of answers does: writes when the head leaves, and nobody awaits it. */
function logsTheHead({ Note }: World): Wrap {
  return (req, res) => {
    const writeHead = res.writeHead.bind(res)
    Reflect.set(res, 'writeHead', (...parameters: unknown[]) => {
      void Note.create({ text: `head ${req.url}` })
      return Reflect.apply(writeHead, undefined, parameters)
    })
  }
}

/** What middleware writes while the answer ends, mounted before the binding and behind it. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)
  const routes = (world: World) => ({
    'POST /written': async () => {
      await world.Note.create({ text: 'written' })
      return { json: { ok: true } }
    },
    'GET /untouched': () => ({ json: { ok: true } }),
    'GET /read': async () => ({ json: { notes: await world.Note.count() } }),
  })
  const requests = [
    ['POST', '/written'],
    ['GET', '/untouched'],
    ['GET', '/read'],
  ] as const
  // A head that left with nothing to commit has ended the session, and what comes then is told to have come too late.
  const isLate = framework.lacks['an end before the head'] !== undefined

  for (const place of ['beneath', 'over'] as const) {
    row(`what is stored by several statements before the answer may end is kept, mounted ${place}`, async (world) => {
      const app = await world.start(routes(world), { [place]: storesAtTheEnd(world) })
      for (const [method, path] of requests) {
        const answer = await fetch(app.url + path, { method })
        expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([200, [path === '/read' ? 'notes' : 'ok']])
        const isKept = async (): Promise<boolean> => (await world.texts()).includes(`stored ${path}`)
        const isTold = (): boolean => world.reports.some(({ kind, label }) => kind === 'scope-closed' && label.endsWith(path))
        await expect.poll(async () => isTold() || (await isKept())).toBe(true)
        expect([await isKept(), isTold()]).toEqual(place === 'over' && isLate && isTold() ? [false, true] : [true, false])
      }
      if (place === 'beneath' || !isLate) expect(await world.texts()).toHaveLength(4)
    })

    row(`what is written as the head leaves is kept, mounted ${place}`, async (world) => {
      const app = await world.start(routes(world), { [place]: logsTheHead(world) })
      for (const [method, path] of requests) await (await fetch(app.url + path, { method })).text()
      const paths = requests.map(([, path]) => path)
      for (const path of paths) await expect.poll(() => world.texts()).toContain(`head ${path}`)
      expect(world.reports).toEqual([])
    })

    row(`what is stored while an answer ends that rolls back is kept or told, mounted ${place}`, async (world) => {
      const app = await world.start(
        { 'POST /vetoed': async () => (await world.Note.create({ text: 'lost' }), { json: {}, status: 409 }) },
        { [place]: storesAtTheEnd(world) },
      )
      const answer = await fetch(`${app.url}/vetoed`, { method: 'POST' })
      expect([answer.status, await answer.text()]).toEqual([409, '{}'])
      // Behind the binding it is part of what the answer rolls back.
      if (place === 'beneath') await expect.poll(() => world.texts()).toContain('stored /vetoed')
      else expect(world.reports.map(({ kind }) => kind)).toContain('veto')
      expect(await world.texts()).not.toContain('lost')
    })
  }

  row('what a listener of the end writes comes too late, and is told', async (world) => {
    const over = latch()
    const late = (): void => over.open()
    const onFinish: Wrap = (_req, res) => {
      res.once('finish', () => void world.Note.create({ text: 'late' }).then(late, late))
    }
    const app = await world.start(routes(world), { over: onFinish })
    await (await fetch(`${app.url}/written`, { method: 'POST' })).text()
    await over.promise
    if (framework.lacks['events in the session']) expect(await world.texts()).toEqual(['written', 'late'])
    else {
      await until(() => world.reports.some(({ kind }) => kind === 'scope-closed'))
      expect(await world.texts()).toEqual(['written'])
    }
  })
}
