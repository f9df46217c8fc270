import { type ActiveAlchemy, UniqueError } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore } from './store.ts'

/** Texts that some collation takes for one. */
const alike = [
  ['abc', 'ABC'],
  ['josé', 'jose'],
  ['sp', 'sp '],
  ['😀', '😁'],
  ['ß', 'ss'],
  ['é', 'e\u0301'],
] as const

/** Texts are the same where their characters are. */
export function textRows(database: TestDatabase): void {
  it.each(alike)('%j is not %j: in a filter, as a key and in a unique column', (one, other) =>
    inStore(database, async ({ another }) => {
      const { Page, Part } = await pages(another())
      const page = await Page.create({ slug: one, title: one, body: one })
      expect(await Page.get(other)).toBeNull()
      for (const filter of [{ title: other }, { body: other }]) expect(await Page.count(filter)).toBe(0)
      expect(await Page.count({ title: one, body: one })).toBe(1)
      await Page.create({ slug: other, title: other, body: other })
      await expect(Page.create({ slug: 'third', title: one, body: one })).rejects.toThrow(UniqueError)
      await Part.create({ page })
      expect(await Part.count({ page })).toBe(1)
      expect(await Page.count()).toBe(2)
    }),
  )

  it('a column with a collation of its own compares and sorts by it', () =>
    inStore(database, async ({ another }) => {
      const db = another()
      const isPostgres = database.name === 'postgres'
      const collation = isPostgres ? 'C' : database.name === 'mariadb' ? 'utf8mb4_general_ci' : 'NOCASE'
      class Word extends db.Model('Word', { text: db.Column(db.String(20), { collation }) }) {}
      await db.createAll()
      await Word.createMany([{ text: 'b' }, { text: 'A' }, { text: 'a' }])
      // PostgreSQL's own collations that know no case are not made by default.
      expect(await Word.count({ text: 'A' })).toBe(isPostgres ? 1 : 2)
      const sorted = (await Word.query().orderBy('text').orderBy('id').all()).map(({ text }) => text)
      expect(sorted).toEqual(['A', 'a', 'b'])
      const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
      expect(upQueries.map(({ query }) => query)).toEqual([])
    }))

  it('tables of createAll are as a migration would make them', () =>
    inStore(database, async ({ another }) => {
      const db = another()
      await pages(db)
      const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
      expect(upQueries.map(({ query }) => query)).toEqual([])
    }))
}

async function pages(db: ActiveAlchemy) {
  class Page extends db.BaseModel('Page', {
    slug: db.Column(db.String(20), { primary: true }),
    title: db.Column(db.String(20), { unique: true }),
    body: db.Column(db.Text),
  }) {}
  class Part extends db.Model('Part', { words: db.Column(db.Integer, { default: 0 }) }) {
    static relations = this.relate({ page: db.ManyToOne(() => Page) })
    declare page: Page
  }
  db.register(Page, Part)
  await db.createAll()
  return { Page, Part }
}
