import { ActiveAlchemy, type ReportEvent } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { noteModel } from './conformance/world.ts'
import type { TestDatabase } from './databases/database.ts'
import { frameworks, servers } from './matrix.ts'
import { startProxy } from './servers/proxy.ts'

/** The port that a server has where its URL names none, and how a COMMIT looks on its way. */
const lines: Readonly<Record<string, { readonly port: string; readonly commit: string }>> = {
  postgres: { port: '5432', commit: 'COMMIT\0' },
  mariadb: { port: '3306', commit: 'COMMIT' },
}

/** A database whose answers can be cut off on their way. */
async function behindProxy(database: TestDatabase) {
  const fresh = await database.create()
  const server = new URL(fresh.uri)
  server.port ||= lines[database.name]?.port ?? ''
  const proxy = await startProxy(server.href)
  const through = new URL(fresh.uri)
  through.port = String(proxy.port)
  const db = new ActiveAlchemy(through.href, { poolTimeoutMs: 30_000 })
  const close = async (): Promise<void> => {
    await db.close()
    await proxy.close()
    await fresh.drop()
  }
  return { db, Note: noteModel(db), proxy, close }
}

for (const database of servers.filter(({ name }) => name in lines)) {
  for (const framework of frameworks.filter(({ databases }) => !databases || databases.includes(database.name))) {
    const { commit } = lines[database.name] ?? { commit: '' }
    describe(`${framework.name} × ${database.name} › a commit whose answer is lost`, () => {
      it('is answered 503 as unknown, is sent once, and may have been kept', async () => {
        const { db, Note, proxy, close } = await behindProxy(database)
        const reports: ReportEvent[] = []
        const told: string[] = []
        await db.createAll()
        const app = await framework.start({
          databases: [db],
          options: { report: (event) => void reports.push(event) },
          routes: {
            'POST /notes': async () => {
              await Note.create({ text: 'x' })
              db.onCommit(() => told.push('kept'))
              db.session.onRollback(() => told.push('lost'))
              proxy.cutAnswerTo(commit)
              return { json: { ok: true } }
            },
          },
        })
        try {
          const before = proxy.count(commit)
          const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
          expect([answer.status, await answer.json()]).toEqual([503, { worded: 'COMMIT_UNKNOWN' }])
          expect(proxy.count(commit) - before).toBe(1)
          expect(reports).toMatchObject([{ kind: 'commit-failed', label: 'POST /notes' }])
          // Nobody knows what to tell.
          expect(told).toEqual([])
          // Here it was; the next request finds a whole pool.
          expect(await Note.count()).toBe(1)
        } finally {
          await app.stop()
          await close()
        }
      })
    })
  }

  describe(`${database.name} › a verb by itself whose answer is lost`, () => {
    it('is unknown, is sent once, and may have been kept', async () => {
      const { db, Note, proxy, close } = await behindProxy(database)
      try {
        await db.createAll()
        const note = await Note.create({ text: 'x' })
        for (const [verb, call] of [
          ['INSERT', () => Note.create({ text: 'y' })],
          ['UPDATE', () => note.update({ text: 'z' })],
        ] as const) {
          // A connection that nobody has used is tried with a BEGIN first.
          await note.update({ text: 'x' })
          const before = proxy.count(verb)
          proxy.cutAnswerTo(verb)
          await expect(call()).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', status: 503 })
          expect(proxy.count(verb) - before).toBe(1)
        }
        // Here it was. What the object remembers is the row that it knows of.
        expect((await Note.query('text').orderBy('id').all()).map(({ text }) => text)).toEqual(['z', 'y'])
        expect(note.text).toBe('x')
      } finally {
        await close()
      }
    })
  })
}
