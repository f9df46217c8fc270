import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** Relations that are defined with `eager: true`. */
export function eagerRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('eager relations are there, whichever verb gave the record', async ({ db }) => {
    class Writer extends db.Model('Writer', { name: db.Column(db.String(20)) }) {
      static relations = this.relate({ city: db.ManyToOne(() => City, { eager: true, nullable: true }) })
      declare city: City | null
    }
    class City extends db.Model('City', { name: db.Column(db.String(20)) }) {}
    class Book extends db.Model('Book', { title: db.Column(db.String(20)) }) {
      static relations = this.relate({
        writer: db.ManyToOne(() => Writer, { eager: true, nullable: true }),
        pages: db.OneToMany(() => Page, 'book', { eager: true }),
      })
      declare writer: Writer | null
      declare pages: Page[]
    }
    class Page extends db.Model('Page', { n: db.Column(db.Integer) }) {
      static relations = this.relate({ book: db.ManyToOne(() => Book, 'pages') })
      declare book: Book
    }
    await db.createAll()
    const city = await City.create({ name: 'London' })
    const writer = await Writer.create({ name: 'Ada', city })
    const book = await Book.create({ title: 'One', writer })
    await Page.createMany([
      { n: 1, book },
      { n: 2, book },
    ])
    await Book.create({ title: 'Two', writer: null })
    const expected = { title: 'One', writer: { name: 'Ada', city: { name: 'London' } }, pages: [{ n: 1 }, { n: 2 }] }
    const { id } = book
    expect(await Book.get(id)).toMatchObject(expected)
    expect(await Book.getOrError(id)).toMatchObject(expected)
    expect(await db.run(() => Book.get(id, { forUpdate: true }).then((found) => found))).toMatchObject(expected)
    expect(await Book.first({ title: 'One' })).toMatchObject(expected)
    expect(await Book.filter({ title: 'One' }).one()).toMatchObject(expected)
    expect(await db.run(() => db.session.get(Book, id))).toMatchObject(expected)
    expect(await Book.query().orderBy('id').all()).toMatchObject([expected, { title: 'Two', writer: null, pages: [] }])
    expect(await Book.query().orderBy('id').limit(1).all()).toMatchObject([expected])
    expect((await Book.query().orderBy('id').paginate({ perPage: 1 })).items).toMatchObject([expected])
    const looped: unknown[] = []
    for await (const each of Book.query().orderBy('id')) looped.push(each)
    expect(looped).toMatchObject([expected, { title: 'Two', writer: null, pages: [] }])
    expect([await Book.count(), await Book.exists(), await Book.filter({ writer }).count()]).toEqual([2, true, 1])
    // A deleted record is seen from no other.
    await writer.delete()
    expect(await Book.get(id)).toMatchObject({ writer: null })
  })

  row('a query of a model with eager relations can still write in bulk', async ({ db }) => {
    class Shelf extends db.Model('Shelf', { name: db.Column(db.String(20)) }) {}
    class Item extends db.Model('Item', { n: db.Column(db.Integer) }) {
      static relations = this.relate({ shelf: db.ManyToOne(() => Shelf, { eager: true }) })
      declare shelf: Shelf
    }
    await db.createAll()
    const shelf = await Shelf.create({ name: 'top' })
    await Item.createMany([
      { n: 1, shelf },
      { n: 2, shelf },
    ])
    expect(await Item.filter({ shelf }).updateAll({ n: 5 })).toBe(2)
    expect(await Item.filter({ n: 5 }).deleteAll()).toBe(2)
  })
}
