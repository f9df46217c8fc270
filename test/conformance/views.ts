import { ActiveAlchemy } from '@active-alchemy/core'
import { ViewColumn, ViewEntity } from 'typeorm'
import { expect, it, onTestFinished } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'

class LongNote {
  declare id: number
  declare title: string
}
ViewEntity({
  name: 'long_note',
  expression: (source) => source.createQueryBuilder().select('note.id', 'id').addSelect('note.title', 'title').from('note', 'note'),
})(LongNote)
class LongTitle {
  declare title: string
}
ViewEntity({ name: 'a_long_title', expression: 'SELECT title FROM long_note', dependsOn: [LongNote] })(LongTitle)
for (const column of ['id', 'title']) ViewColumn()(LongNote.prototype, column)
ViewColumn()(LongTitle.prototype, 'title')

async function notes(database: TestDatabase) {
  const fresh = await database.create()
  const db = new ActiveAlchemy(fresh.uri, { models: [LongTitle, LongNote] })
  onTestFinished(async () => {
    await db.close()
    await fresh.drop()
  })
  class Note extends db.Model('Note', { title: db.Column(db.String(20)) }) {}
  db.register(Note)
  return { db, Note }
}

/** Views of plain TypeORM among the models. */
export function viewRows(database: TestDatabase): void {
  it('createAll makes the views of the models, each after what it reads from, and once', async () => {
    const { db, Note } = await notes(database)
    await db.createAll()
    await db.createAll()
    await Note.create({ title: 'a' })
    expect(await db.dataSource.getRepository(LongNote).find()).toMatchObject([{ id: 1, title: 'a' }])
    expect(await db.dataSource.getRepository(LongTitle).find()).toEqual([{ title: 'a' }])
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  it('dropAll drops the views with the tables', async () => {
    const { db, Note } = await notes(database)
    await db.createAll()
    await db.dropAll()
    await db.dropAll()
    await db.createAll()
    await Note.create({ title: 'b' })
    expect(await db.dataSource.getRepository(LongTitle).find()).toEqual([{ title: 'b' }])
  })
}
