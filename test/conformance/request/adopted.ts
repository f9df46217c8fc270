import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { Article, inAdopted, Member, waysOf } from '../adopted.ts'
import { rowIn, until } from '../world.ts'

/** An application of plain TypeORM in requests, after the one line. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  for (const way of waysOf(database)) {
    row(`entities and repositories as they are: a request is one transaction (${way})`, () =>
      inAdopted(
        database,
        way,
        (app) => ({ articles: app.getRepository(Article), app }),
        async ({ db, app }, { articles }) => {
          const service = {
            async publish(title: string) {
              const writer = await Object.assign(new Member(), { fullName: 'Ada' }).save()
              const article = await articles.save({ mainTitle: title, writer })
              await app.transaction(async (manager) => manager.increment(Member, { memberId: writer.memberId }, 'visits', 1))
              return article
            },
          }
          const running = await framework.start({
            databases: [db],
            options: {},
            routes: {
              'POST /kept': async () => ({ json: { title: (await service.publish('kept')).mainTitle } }),
              'POST /failed': async () => {
                await service.publish('failed')
                throw new Error('the mail server is down')
              },
              'POST /refused': async () => {
                await service.publish('refused')
                return { status: 422, json: { refused: true } }
              },
              // As it is found: the write is not awaited.
              'DELETE /all': async () => {
                void articles.createQueryBuilder().delete().execute()
                return { json: { deleted: true } }
              },
            },
          })
          const ask = (method: string, path: string) => fetch(running.url + path, { method })
          try {
            expect(await (await ask('POST', '/kept')).json()).toEqual({ title: 'kept' })
            expect((await ask('POST', '/failed')).status).toBeGreaterThanOrEqual(400)
            expect((await ask('POST', '/refused')).status).toBe(422)
            expect(await articles.find({ relations: { writer: true } })).toMatchObject([{ mainTitle: 'kept', writer: { visits: 1 } }])
            expect(await Member.count()).toBe(1)
            expect((await ask('DELETE', '/all')).status).toBe(200)
            expect(await articles.count()).toBe(0)
            await until(() => db.dataSource.driver.pool.leased === 0)
          } finally {
            await running.stop()
          }
        },
      ),
    )
  }
}
