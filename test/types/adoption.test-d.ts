import { ActiveAlchemy } from '@active-alchemy/core'
import { ActiveAlchemy as OfExpress } from '@active-alchemy/express'
import type { DataSource, DataSourceOptions } from 'typeorm'
import { expectTypeOf } from 'vitest'

declare const dataSource: DataSource
declare const options: DataSourceOptions

class Book {
  declare id: number
  declare title: string
  declare readers: Member[]
}

class Member {
  declare memberId: number
  declare fullName: string
  declare visits: number
  declare leftAt: Date | null
  declare books?: Book[]
  declare address: { city: string; lines: string[] } | null
  rename(name: string): void {
    this.fullName = name
  }
}

const db = ActiveAlchemy.from(dataSource)
expectTypeOf(ActiveAlchemy.from(options, { transactionTimeoutMs: 1_000, commit: 'save' })).toEqualTypeOf(db)
// As Nest's `dataSourceFactory` has them.
void (async (given?: DataSourceOptions): Promise<DataSource> => ActiveAlchemy.from(given).dataSource)
// The adapter's own, with its binding.
void OfExpress.from(dataSource).middleware()
// @ts-expect-error its data source says what TypeORM is told
ActiveAlchemy.from(options, { typeorm: {} })
// @ts-expect-error neither a data source nor its options
ActiveAlchemy.from('sqlite://')

const members = db.of(Member)
expectTypeOf(members.get(1)).toEqualTypeOf<Promise<Member | null>>()
expectTypeOf(members.filter({ fullName: 'Ada' }).all()).toEqualTypeOf<Promise<Member[]>>()
expectTypeOf(members.query('fullName').all()).toEqualTypeOf<Promise<Pick<Member, 'fullName'>[]>>()
declare const member: Member
void members.update(member, { fullName: 'Ada', leftAt: new Date() })
void members.increment(member, 'visits', 1, { min: 0 })
// @ts-expect-error there is no such column
void members.update(member, { fulName: 'Ada' })
// @ts-expect-error it is a text
void members.update(member, { visits: 'many' })
// @ts-expect-error a method is no column
void members.update(member, { rename: () => undefined })
// @ts-expect-error there is no such column
members.filter({ fulName: 'Ada' })
// @ts-expect-error it is no number
void members.increment(member, 'leftAt')
// @ts-expect-error it is no record of the entity
void members.save({ name: 'x' })

// Relations: their names are known, as far as the type of an entity tells them from JSON.
expectTypeOf(members.get(1, { with: ['books', 'books.readers'] }).then((each) => each?.books)).toMatchTypeOf<Promise<Book[] | undefined>>()
expectTypeOf((await members.load(member, 'books')).books).toMatchTypeOf<Book[]>()
void members.attach(member, 'books', 7, [8, '9'], {} as Book, { id: 7 })
void members.count(member, 'books')
void members.firstOrCreate({ fullName: 'Ada' }, { visits: 1 })
members.before('save', (each) => each.rename('x'))
// @ts-expect-error a text is no relation
void members.get(1, { with: ['fullName'] })
// @ts-expect-error there is no such relation
void members.load(member, 'book')
// @ts-expect-error it leads to one
void members.attach(member, 'address', 7)
// @ts-expect-error it is no book
void members.attach(member, 'books', member)
// @ts-expect-error a record has no relation by that name
void members.count(member, 'visits')
