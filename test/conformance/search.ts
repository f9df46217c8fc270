import { match, not, or, type SearchVector } from '@active-alchemy/core'
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { reason, refused } from './reason.ts'
import { rowIn } from './store.ts'

/** Words in texts: by PostgreSQL's search, elsewhere by their letters. */
export function searchRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('match finds the rows that have every word, in whichever column', async ({ db, raw, sent }) => {
    class Article extends db.Model('Article', {
      title: db.Column(db.String(100)),
      body: db.Column(db.Text, { nullable: true }),
      search: db.Column(db.TSVectorType(['title', 'body'])),
    }) {}
    await db.createAll()
    await Article.create({ title: 'The quick brown Fox', body: 'jumps over the lazy dog' })
    await Article.createMany([{ title: 'A quick answer' }, { title: 'Füchse', body: 'ÜBER 100% of_them, o’clock' }])
    const found = async (text: string): Promise<unknown> =>
      (
        await Article.filter({ search: match(text) })
          .orderBy('id')
          .all()
      ).map(({ id }) => id)
    const searched: Readonly<Record<string, readonly number[]>> = {
      quick: [1, 2],
      'quick fox': [1],
      'fox QUICK': [1],
      'lazy fox!': [1],
      'quick cat': [],
      füchse: [3],
      'über FÜCHSE': [3],
      '100': [3],
      '100%': [3],
      '': [],
      ' ?! ': [],
      "fox' or 1=1": [],
    }
    for (const [text, ids] of Object.entries(searched)) expect([text, await found(text)]).toEqual([text, ids])
    expect(await Article.count({ search: not(match('fox')) })).toBe(2)
    expect(await Article.count({ search: or(match('fox'), match('answer')) })).toBe(2)
    expect(await Article.count((article) => article.search.matches(match('quick')).and(article.id.gt(1)))).toBe(1)
    const article = await Article.getOrError(2)
    await article.update({ body: 'of a fox' })
    expect(await found('fox')).toEqual([1, 2])
    await raw("update article set body = 'changed by others' where id = 1")
    expect(await found('others fox')).toEqual([1])
    expect(await Article.count({ title: match('fox') as never }).catch((error: unknown) => error)).toEqual(refused('INVALID_FILTER', 400))
    const statements = await sent(() => Article.create({ title: 'x' }).then(() => Article.filter({ title: 'x' }).all()))
    expect(statements.filter((text) => text.includes('search'))).toEqual([])
  })

  row('what is searched is never read, set, compared or shown', async ({ db }) => {
    class Page extends db.Model('Page', {
      title: db.Column(db.String(100)),
      search: db.Column(db.TSVectorType(['title'])),
    }) {}
    await db.createAll()
    const page = await Page.create({ title: 'a title' })
    for (const each of [page, await Page.getOrError(page.id), await page.reload(), await Page.firstOrError({ search: match('title') })]) {
      expect([each.search, each.isDirty, Object.keys(each.toDict()).includes('search'), JSON.stringify(each).includes('search')]).toEqual([
        undefined,
        false,
        false,
        false,
      ])
    }
    expect(await reason(() => Page.create({ title: 'x', search: 'x' } as never))).toEqual(refused('PROTECTED_COLUMN', 422))
    expect(await reason(() => page.update({ search: 'x' } as never))).toEqual(refused('PROTECTED_COLUMN', 422))
    const asks = [
      () => Page.count({ search: 'title' } as never),
      () => Page.query().orderBy('search').all(),
      () => Page.query((each) => ({ least: each.search.min() })).all(),
      () => Page.count({ search: match('x\0') }),
      () => Page.count({ search: match(5 as never) }),
      () => Page.count({ search: match('x '.repeat(51)) }),
    ]
    for (const ask of asks) expect(await reason(ask)).toEqual(refused('INVALID_FILTER', 400))
    expect(Object.keys((Page.jsonSchema({ for: 'create' }) as { properties: object }).properties)).not.toContain('search')
    expect(Object.keys((Page.jsonSchema({ for: 'row' }) as { properties: object }).properties)).not.toContain('search')
    const upserted = await Page.filter({ search: match('title') }).updateAll({ title: 'other' })
    expect([upserted, await Page.count({ search: match('other') })]).toEqual([1, 1])
  })

  row('on PostgreSQL it has an index and knows the forms of words; a migration finds no difference', async ({ db, raw }) => {
    class Story extends db.Model('Story', {
      text: db.Column(db.Text),
      search: db.Column(db.TSVectorType(['text'], { config: 'english' })),
    }) {}
    await db.createAll()
    await Story.create({ text: "it's the foxes’ story" })
    const isPostgres = db.dataSource.driver.kind === 'postgres'
    expect(await Story.count({ search: match('the fox') })).toBe(1)
    expect(await Story.count({ search: match('stories') })).toBe(isPostgres ? 1 : 0)
    expect(await Story.count({ search: match('ory') })).toBe(isPostgres ? 0 : 1)
    if (isPostgres) {
      const indexes = await raw<{ indexdef: string }>("select indexdef from pg_indexes where tablename = 'story'")
      expect(indexes.filter(({ indexdef }) => indexdef.includes('USING gin (search)'))).toHaveLength(1)
    }
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  row('a definition that cannot be is refused', async ({ db }) => {
    const wrong = [[], 'title', [5], undefined]
    for (const columns of wrong) {
      expect(() => db.TSVectorType(columns as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    for (const options of [{ config: "x'" }, { config: 5 }, { configs: 'x' }]) {
      expect(() => db.TSVectorType(['title'], options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    const other = (): Promise<unknown> => {
      class Wrong extends db.Model('Wrong', { search: db.Column(db.TSVectorType(['nope'])) }) {}
      return Wrong.count()
    }
    await expect((async () => other())()).rejects.toMatchObject({ code: 'MODEL_DEFINITION' })
  })

  row('an entity of plain TypeORM is searched by the decorator', async ({ another }) => {
    const { TSVectorType, Column: column } = another()
    @Entity()
    class Letter {
      @PrimaryGeneratedColumn() id!: number
      @Column('varchar', { length: 100 }) text!: string
      @column(TSVectorType(['text'])) search!: SearchVector | undefined
    }
    const db = another({ models: [Letter] })
    await db.createAll()
    const repository = db.dataSource.getRepository(Letter)
    const { id } = await repository.save({ text: 'Dear reader' })
    expect(await repository.findOneByOrFail({ id })).toEqual({ id, text: 'Dear reader' })
    expect(await db.of(Letter).count({ search: match('READER') })).toBe(1)
    const letter = await db.of(Letter).create({ text: 'Yours' })
    expect(letter.search).toBe(undefined)
    expect(await db.of(Letter).count({ search: match('yours') })).toBe(1)
  })
}
