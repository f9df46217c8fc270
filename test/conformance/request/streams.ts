import { PassThrough } from 'node:stream'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

/** Answers whose bytes are read from the database while they leave. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a stream reads on after its first byte in a session of its own', async (world) => {
    const { db, Note } = world
    await Note.createMany(Array.from({ length: 1_200 }, (_, index) => ({ text: `note ${index}` })))
    const app = await world.start({
      'GET /notes.csv': () => {
        const csv = new PassThrough()
        const written = db.run(async () => {
          for await (const note of Note.query().orderBy('id')) csv.write(`${note.text}\n`)
        })
        written.then(
          () => csv.end(),
          (error: Error) => csv.destroy(error),
        )
        return { stream: csv }
      },
      'GET /raw.csv': () => ({
        raw: async (res) => {
          res.writeHead(200)
          await db.run(async () => {
            for await (const note of Note.query().orderBy('id')) res.write(`${note.text}\n`)
          })
          res.end()
        },
      }),
    })
    for (const path of ['/notes.csv', '/raw.csv']) {
      const lines = (await (await fetch(app.url + path)).text()).trimEnd().split('\n')
      expect([lines.length, lines.at(-1)]).toEqual([1_200, 'note 1199'])
    }
    expect(world.reports).toEqual([])
  })
}
