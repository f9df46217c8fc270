import { ActiveAlchemy, type DateTime } from '@active-alchemy/core'
import { Entity } from 'typeorm'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

const Money = db.CompositeType('money', { currency: db.CurrencyType(), amount: db.Numeric(12, 2) })
const Stay = db.utils.CompositeType(
  'stay',
  { from: db.DateTime, price: Money, state: db.ChoiceType(['open', 'shut']), note: db.Text },
  { nullable: ['note'] },
)
class Offer extends db.Model('Offer', { price: db.Column(Money), stay: db.Column(Stay, { nullable: true }) }) {}

const offer = await Offer.create({
  price: { currency: 'EUR', amount: 5 },
  stay: { from: new Date(), price: { currency: 'EUR', amount: 5 }, state: 'open' },
})
expectTypeOf(offer.price).toEqualTypeOf<{ currency: string; amount: string }>()
expectTypeOf(offer.stay).toEqualTypeOf<{
  from: DateTime
  price: { currency: string; amount: string }
  state: 'open' | 'shut'
  note: string | null
} | null>()
offer.price.amount = '7'
void offer.update({ price: { currency: 'EUR', amount: '5.00' }, stay: null })
Offer.filter({ price: { currency: 'EUR', amount: '5.00' } })
Offer.filter((each) => each.price.eq({ currency: 'EUR', amount: '5.00' }))
// @ts-expect-error a column is missing
void Offer.create({ price: { currency: 'EUR' } })
// @ts-expect-error a column that it does not have
void Offer.create({ price: { currency: 'EUR', amount: 1, rate: 1 } })
// @ts-expect-error null where none is said
void Offer.create({ price: { currency: null, amount: 1 } })
// @ts-expect-error a value of another kind
void offer.update({ price: { currency: 'EUR', amount: true } })
// @ts-expect-error no column of it
db.CompositeType('money', { amount: db.Integer }, { nullable: ['amounts'] })
// @ts-expect-error no type of a column
db.CompositeType('money', { amount: 'integer' })

@Entity()
class Plain {
  @db.Column(Money) declare price: { currency: string; amount: string }
  // @ts-expect-error the type of the column is another
  @db.Column(Money) declare wrong: { currency: string; amount: number }
}
db.of(Plain)
