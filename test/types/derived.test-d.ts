import { ActiveAlchemy } from '@active-alchemy/core'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

class Author extends db.Model('Author', {
  name: db.Column(db.String(40)),
  notes: db.Aggregated(db.Integer, 'written', db.func.count()),
  ids: db.Aggregated(db.BigInteger, 'written', db.func.count('id').distinct(), { hidden: true, index: true, name: 'n_ids' }),
  words: db.Aggregated(db.Numeric(9, 2), 'written', db.func.sum('words')),
  longest: db.Aggregated(db.Integer, 'written', db.func.max('words')),
}) {
  static relations = this.relate({ written: db.OneToMany(() => Note, 'author') })
  declare written?: Note[]
}
class Note extends db.Model('Note', { words: db.Column(db.Integer) }) {
  static relations = this.relate({ author: db.ManyToOne(() => Author, 'written') })
  declare author?: Author
}
class Decorated extends db.Model {
  @db.Aggregated(db.Integer, 'written', db.func.count()) declare notes: number
  @db.Aggregated(db.Integer, 'written', db.func.min('words')) declare shortest: number | null
}

const author = await Author.create({ name: 'Ada' })
expectTypeOf(author.notes).toEqualTypeOf<number>()
expectTypeOf(author.ids).toEqualTypeOf<bigint>()
expectTypeOf(author.words).toEqualTypeOf<string>()
expectTypeOf(author.longest).toEqualTypeOf<number | null>()
expectTypeOf(await Author.recount({ batch: 10 })).toEqualTypeOf<number>()
Author.filter({ notes: db.op.gt(3) }).orderBy('words', 'DESC')
Author.filter((each) => each.longest.gt(3))
void [Note, Decorated]
// @ts-expect-error it is kept
void Author.create({ name: 'a', notes: 3 })
// @ts-expect-error here too
void author.update({ words: '3' })
// @ts-expect-error and here
void author.increment('longest', 3)
// @ts-expect-error a function of one value is no figure
db.Aggregated(db.String(3), 'written', db.func.lower('name'))
// @ts-expect-error it is 0 of no records
db.Aggregated(db.Integer, 'written', db.func.count(), { default: 3 })

class Total extends db.View(
  'Total',
  { authorId: db.Column(db.Integer, { primary: true }), words: db.Column(db.Integer, { nullable: true }) },
  { as: 'select author_id, sum(words) as words from note group by author_id', materialized: true },
) {}
expectTypeOf(await Total.refresh()).toEqualTypeOf<void>()
expectTypeOf((await Total.getOrError(1)).words).toEqualTypeOf<number | null>()
Total.filter({ words: db.op.gt(3) }).orderBy('authorId')
// @ts-expect-error a view is of something
db.View('None', { id: db.Column(db.Integer, { primary: true }) }, {})
// @ts-expect-error a table keeps its rows itself
db.Model('None', { id: db.Column(db.Integer) }, { as: 'select 1' })
// @ts-expect-error nor is it read anew
void Note.refresh

const notes = (await Author.getOrError(1, { with: ['written'] })).written
expectTypeOf(db.utils.proxyDict(notes, 'words')).toEqualTypeOf<ReadonlyMap<number, (typeof notes)[number]>>()
// @ts-expect-error it has no such column
db.utils.proxyDict(notes, 'locale')
