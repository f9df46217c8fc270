import { Column } from 'typeorm'
import { describe, expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { mariadb } from '../databases/mysql.ts'

describe('mariadb: how texts are compared', () => {
  it('a column can have a collation of its own', () =>
    inStore(mariadb, async ({ another }) => {
      const db = another()
      class Word extends db.Model {
        @Column({ type: 'varchar', length: 20, collation: 'utf8mb4_general_ci' }) declare text: string
      }
      db.register(Word)
      await db.createAll()
      await Word.create({ text: 'abc' })
      expect(await Word.count({ text: 'ABC' })).toBe(1)
    }))

  it('a table that exists keeps its own, and a new table can refer to it', () =>
    inStore(mariadb, async ({ another, raw }) => {
      await raw('create table page (slug varchar(20) primary key) character set utf8mb4 collate utf8mb4_general_ci')
      const db = another()
      class Page extends db.BaseModel('Page', { slug: db.Column(db.String(20), { primary: true }) }) {}
      class Part extends db.Model('Part', { text: db.Column(db.String(20)) }) {
        static relations = this.relate({ page: db.ManyToOne(() => Page) })
        declare page: Page
      }
      db.register(Page, Part)
      await db.createAll()
      const page = await Page.create({ slug: 'abc' })
      await Part.create({ page, text: 'abc' })
      expect(await Page.get('ABC')).not.toBeNull()
      expect(await Part.count({ text: 'ABC' })).toBe(0)
      expect(await Part.count({ page })).toBe(1)
    }))

  it('a column that is added or changed later is compared as its table is', () =>
    inStore(mariadb, async ({ raw }) => {
      const collations = (): Promise<{ name: string }[]> =>
        raw(
          `select distinct collation_name as name from information_schema.columns
           where table_schema = database() and table_name = 'tag' and collation_name is not null`,
        )
      await raw('alter table tag add more varchar(10), change label label varchar(30)')
      expect(await collations()).toEqual([{ name: 'utf8mb4_nopad_bin' }])
    }))
})
