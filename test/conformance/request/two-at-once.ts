import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn, type World } from '../world.ts'

/** A row that many clients change, and where they do: each adds its own letter to what it has read. */
async function sharedRow({ db }: World, settings: { readonly optimisticLock?: 'version' | 'changed' }) {
  class Doc extends db.Model('Doc', { text: db.Column(db.String(200), { default: '' }), version: db.Version() }, settings) {}
  await db.createAll()
  const { id } = await Doc.create({})
  return { Doc, id }
}

const clients = 50

/** Requests that load, change and save the same row at the same time. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  for (const optimisticLock of ['version', 'changed'] as const) {
    row(`of ${clients} clients that change a row by '${optimisticLock}' each 2xx is in it, and each other one is told`, async (world) => {
      const { Doc, id } = await sharedRow(world, { optimisticLock })
      const app = await world.start({
        'POST /docs': async ({ body }) => {
          const doc = await Doc.getOrError(id)
          // What is read is old by the time that it is written.
          await new Promise((resolve) => setTimeout(resolve, 1))
          await doc.update({ text: `${doc.text}${(body as { letter: string }).letter}` })
          return { json: {} }
        },
      })
      const statuses = await Promise.all(
        Array.from({ length: clients }, (_, index) => post(`${app.url}/docs`, String.fromCharCode(48 + index))),
      )
      const kept = statuses.filter(({ status }) => status === 200).map(({ letter }) => letter)
      expect(statuses.filter(({ status }) => status !== 200 && status !== 409)).toEqual([])
      expect(kept.length).toBeGreaterThan(0)
      const { text, version } = await Doc.getOrError(id)
      expect(text.split('').toSorted()).toEqual(kept.toSorted())
      expect(version).toBe(kept.length + 1)
    })
  }

  row(
    `of ${clients} clients that send the ETag which they have seen the first is served, and the others get 412 until they look again`,
    async (world) => {
      const { Doc, id } = await sharedRow(world, {})
      const app = await world.start({
        'GET /docs': async ({ res }) => {
          const doc = await Doc.getOrError(id)
          res.setHeader('ETag', doc.etag)
          return { json: doc }
        },
        'POST /docs': async ({ req, body }) => {
          const doc = await Doc.getOrError(id, { ifMatch: req.headers['if-match'] })
          await new Promise((resolve) => setTimeout(resolve, 1))
          await doc.update({ text: (body as { letter: string }).letter })
          return { json: {} }
        },
      })
      const change = async (letter: string): Promise<{ readonly letter: string; readonly status: number }> => {
        const seen = await fetch(`${app.url}/docs`)
        const { text } = (await seen.json()) as { text: string }
        return post(`${app.url}/docs`, `${text}${letter}`, { 'if-match': seen.headers.get('etag') ?? '' })
      }
      let left = Array.from({ length: clients }, (_, index) => String.fromCharCode(48 + index))
      const rest = left.splice(5)
      let served = 0
      for (; left.length > 0; served += 1) {
        const statuses = await Promise.all(left.map(change))
        expect(statuses.filter(({ status }) => status !== 200 && status !== 412)).toEqual([])
        left = statuses.flatMap(({ letter, status }) => (status === 412 ? letter.slice(-1) : []))
      }
      expect(served).toBeGreaterThan(0)
      expect((await Doc.getOrError(id)).text).toHaveLength(5)
      // All with one tag: one of them is served.
      const { etag } = await Doc.getOrError(id)
      const statuses = await Promise.all(rest.map((letter) => post(`${app.url}/docs`, letter, { 'if-match': etag })))
      expect(statuses.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(statuses.filter(({ status }) => status === 412)).toHaveLength(rest.length - 1)
      expect((await Doc.getOrError(id)).text).toBe(statuses.find(({ status }) => status === 200)?.letter)
      expect((await post(`${app.url}/docs`, 'any')).status).toBe(200)
      expect((await post(`${app.url}/docs`, 'any', { 'if-match': '*' })).status).toBe(200)
    },
  )
}

async function post(
  url: string,
  letter: string,
  headers: Record<string, string> = {},
): Promise<{ readonly letter: string; readonly status: number }> {
  const body = JSON.stringify({ letter })
  const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
  return { letter, status }
}
