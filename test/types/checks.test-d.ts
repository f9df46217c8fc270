import { ActiveAlchemy, type InvalidValueError, type ValueFault } from '@active-alchemy/core'
import { type } from 'arktype'
import * as v from 'valibot'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'

const db = new ActiveAlchemy('sqlite://')

// ---------------------------------------------------------------------------------------------- rules of columns

class Member extends db.Model(
  'Member',
  {
    name: db.Column(db.String(25), { length: { min: 2, max: 10 }, pattern: /^[A-Z]/, check: (name) => name !== 'x' || 'is x' }),
    age: db.Column(db.Integer, { min: 18, max: 150, check: async (age) => age % 2 === 0 }),
    fee: db.Column(db.Numeric(10, 2), { min: 0.5, max: '99.90', check: (fee) => fee.endsWith('0') }),
    seen: db.Column(db.DateTime, { nullable: true, min: new Date(), check: (seen) => seen.isValid }),
    kind: db.Column(db.String(5), { default: 'a', check: type("'a' | 'b'") }),
    slug: db.Column(db.String(5), { default: 'a', check: v.pipe(v.string(), v.trim()) }),
    title: db.Column(db.String(5), { default: 'a', check: z.string().trim() }),
    meta: db.Column(db.JSONType<{ tags: string[] }>(), { nullable: true, check: z.object({ tags: z.array(z.string()) }) }),
  },
  { check: (member) => member.age > 18 && { name: member.name } },
) {
  static override check = async (member: Member) => (member.id > 0 ? true : [{ column: 'name', message: 'is bad', code: 'bad' }])
}
expectTypeOf((await Member.getOrError(1)).seen).toEqualTypeOf<Member['seen']>()
void Member.create({ name: 'Ada', age: 36, fee: 1.5 })

class Decorated extends db.Model {
  @db.Column(db.Integer, { min: 0, check: (n) => n > 0 }) declare n: number
}
void Decorated

// @ts-expect-error name is required, whatever checks it
void Member.create({ age: 36, fee: 1.5 })
// @ts-expect-error an age is a number
db.Column(db.Integer, { min: '18' })
// @ts-expect-error a boolean is no decimal number
db.Column(db.Numeric(10, 2), { max: true })
// @ts-expect-error a length has min and max
db.Column(db.String(5), { length: { least: 3 } })
// @ts-expect-error it is an expression, no text
db.Column(db.String(5), { pattern: 'a' })
// @ts-expect-error a number has no letters
db.Column(db.Integer, { check: (n) => n.startsWith('a') })
// @ts-expect-error the schema gives numbers
db.Column(db.String(5), { check: z.number() })
// @ts-expect-error it is neither
db.Column(db.String(5), { check: 'a' })
// @ts-expect-error there is no such column
db.Model('Wrong', { a: db.Column(db.Integer) }, { check: (wrong) => wrong.b > 1 })
// @ts-expect-error it gives a number
db.Model('Wrong', { a: db.Column(db.Integer) }, { check: (wrong) => wrong.a })

// ---------------------------------------------------------------------------------------------- what they say

declare const error: InvalidValueError
expectTypeOf(error.errors).toEqualTypeOf<readonly ValueFault[]>()
expectTypeOf(error.errors[0]?.column).toEqualTypeOf<string | undefined>()
if (error.errors[0]?.code === 'min') expectTypeOf(error.errors[0].message).toEqualTypeOf<string>()
