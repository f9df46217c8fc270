import { ActiveAlchemy } from '@active-alchemy/core'
import { ActiveAlchemy as OfExpress } from '@active-alchemy/express'
import type { DataSource, DataSourceOptions } from 'typeorm'
import { expectTypeOf } from 'vitest'

declare const dataSource: DataSource
declare const options: DataSourceOptions

class Member {
  declare memberId: number
  declare fullName: string
  declare visits: number
  declare leftAt: Date | null
  rename(name: string): void {
    this.fullName = name
  }
}

const db = ActiveAlchemy.from(dataSource)
expectTypeOf(ActiveAlchemy.from(options, { transactionTimeoutMs: 1_000, commit: 'save' })).toEqualTypeOf(db)
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
