import type { ReportEvent } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework, Handler } from '../../frameworks/framework.ts'
import { Article, inAdopted, Member, waysOf } from '../adopted.ts'
import { latch, rowIn, until } from '../world.ts'

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** `mode: 'observe'`: an application as it is found, of which nothing is changed, and what a binding would have caught. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)
  /** On SQLite a verb has done its work when it is called. */
  const isDoneAtOnce = database.name.startsWith('sqlite')
  const [way = 'its options'] = waysOf(database).slice(-1)

  row('nothing is bound, and each lie is reported with its route', () =>
    inAdopted(
      database,
      way,
      (app) => ({ articles: app.getRepository(Article), members: app.getRepository(Member), app }),
      async ({ db }, { articles, members, app }) => {
        const reports: ReportEvent[] = []
        const gate = latch()
        /** What nobody awaits but this row. */
        const later: Promise<unknown>[] = []
        const left: { release(): Promise<void> }[] = []
        const routes: Record<string, Handler> = {
          'POST /honest/:id': async () => {
            await app.transaction(async (manager) => {
              await manager.save(Article, { mainTitle: 'honest' })
              await manager.count(Article)
            })
            await db.of(Article).create({ mainTitle: 'by a verb' })
            return { json: { kept: await articles.count() } }
          },
          'POST /not-awaited': () => {
            later.push(articles.save({ mainTitle: 'not awaited' }))
            return { json: { ok: true } }
          },
          'POST /not-awaited-verb': () => {
            later.push(db.of(Article).create({ mainTitle: 'not awaited either' }))
            return { json: { ok: true } }
          },
          'POST /undone/:id': async () => {
            await articles.save({ mainTitle: 'undone' })
            return { status: 409, json: { error: 'taken' } }
          },
          'POST /rolled-back': async () => {
            await app
              .transaction(async (manager) => {
                await manager.save(Article, { mainTitle: 'never' })
                throw new Error('no')
              })
              .catch(() => undefined)
            return { status: 422, json: {} }
          },
          'GET /late': () => {
            later.push(gate.promise.then(() => members.count()))
            return { json: {} }
          },
          'POST /unreleased': async () => {
            const runner = app.createQueryRunner()
            await runner.query('select 1')
            left.push(runner)
            return { json: {} }
          },
          'POST /idle': async () => {
            await app.transaction(async (manager) => {
              await manager.save(Article, { mainTitle: 'idle' })
              await sleep(1_100)
            })
            return { json: {} }
          },
          'POST /second': async () => {
            await app.transaction(async (manager) => {
              await manager.count(Article)
              await members.count()
            })
            return { json: {} }
          },
        }
        const running = await framework.start({
          databases: [db],
          options: { mode: 'observe', report: (event) => void reports.push(event) },
          routes,
        })
        const ask = async (request: string): Promise<number> => {
          const [method = '', path = ''] = request.split(' ')
          return (await fetch(running.url + path, { method })).status
        }
        const found = (path: string): string[] => reports.filter(({ label }) => label.endsWith(path)).map(({ kind }) => kind)
        try {
          const statuses: Record<string, number> = {}
          const requests = [
            '/honest/1',
            '/not-awaited',
            '/not-awaited-verb',
            '/undone/1',
            '/undone/2',
            '/rolled-back',
            '/unreleased',
            '/idle',
            '/second',
          ]
          for (const path of requests) {
            statuses[path] = await ask(`POST ${path}`)
          }
          await ask('GET /late')
          gate.open()
          await until(() => found('/late').length > 0 && found('/not-awaited').length > 0 && found('/unreleased').length > 0)
          await until(() => isDoneAtOnce || found('/not-awaited-verb').length > 0)
          expect(statuses).toMatchObject({ '/honest/1': 200, '/not-awaited': 200, '/undone/1': 409, '/rolled-back': 422, '/idle': 200 })
          // Nothing was bound: what was written is there, whatever was answered.
          const titles = (await articles.find({ order: { id: 'ASC' } })).map(({ mainTitle }) => mainTitle)
          expect(titles.toSorted()).toEqual(['by a verb', 'honest', 'idle', 'not awaited', 'not awaited either', 'undone', 'undone'])
          expect({
            honest: found('/honest/1'),
            notAwaited: found('/not-awaited').toSorted(),
            verb: found('/not-awaited-verb').toSorted(),
            undone: [...found('/undone/1'), ...found('/undone/2')],
            rolledBack: found('/rolled-back'),
            late: found('/late'),
            unreleased: found('/unreleased'),
            idle: found('/idle'),
            second: found('/second'),
          }).toEqual({
            honest: [],
            notAwaited: ['early-success'],
            verb: isDoneAtOnce ? expect.any(Array) : ['early-success'],
            undone: ['undone-write', 'undone-write'],
            rolledBack: [],
            late: ['late-statement'],
            unreleased: ['unreleased-runner'],
            idle: ['idle-in-transaction'],
            second: ['second-connection'],
          })
          const undone = reports.filter(({ kind }) => kind === 'undone-write')
          expect(undone.map(({ route }) => route)).toEqual(Array(2).fill(expect.stringMatching(/^POST \/undone\/(:id|\*)$/)))
          expect(undone[0]?.message).toMatch(/^POST \/undone\/1 wrote and answered 409\. One statement would be undone/)
          expect(reports.find(({ kind }) => kind === 'early-success')?.message).toMatch(/conformance\/request\/observe\.ts:\d+/)
        } finally {
          await Promise.all(later)
          for (const runner of left) await runner.release()
          await running.stop()
        }
      },
    ),
  )
}
