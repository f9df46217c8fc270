import {
  ActiveAlchemy,
  type ColumnType,
  type ComputedType,
  type DateTime,
  type GeneratingType,
  gt,
  oneOf,
  operator,
  startsWith,
  type Weekday,
} from '@active-alchemy/core'
import { checkColumnType } from '@active-alchemy/core/testing'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

enum Role {
  Admin = 'admin',
  Guest = 'guest',
}

const state = db.ChoiceType(['open', ['paid', 'Paid in full']])
declare const Initials: ComputedType<string>
declare const Token: GeneratingType<string>
declare const Celsius: ColumnType<number, string>

class Everything extends db.Model('Everything', {
  state: db.Column(state, { default: 'open' }),
  role: db.Column(db.Enum(Role)),
  size: db.Column(db.ChoiceType({ small: 's', large: 'l' } as const), { nullable: true }),
  color: db.Column(db.ColorType(), { nullable: true }),
  open: db.Column(db.WeekDaysType(), { default: [1, 2] }),
  tags: db.Column(db.ScalarListType(), { default: [] }),
  amounts: db.Column(db.ScalarListType(db.BigInteger, ';'), { default: [1] }),
  at: db.Column(db.ArrowType, { nullable: true }),
  uid: db.Column(db.UUIDType({ version: 7 })),
  plain: db.Column(db.UUIDType(), { nullable: true }),
  initials: db.Column(Initials),
  token: db.Column(Token),
  warmth: db.Column(Celsius, { nullable: true }),
}) {}

const codes = {
  email: db.Column(db.EmailType()),
  country: db.Column(db.CountryType()),
  currency: db.Column(db.CurrencyType()),
  locale: db.Column(db.LocaleType()),
  zone: db.Column(db.TimezoneType()),
  site: db.Column(db.URLType()),
  address: db.Column(db.IPAddressType()),
  phone: db.Column(db.PhoneNumberType()),
  bits: db.Column(db.BitType(3)),
}
class Codes extends db.Model('Codes', { ...codes, day: db.Column(db.EnrichedDateType), seen: db.Column(db.EnrichedDateTimeType) }) {}

// ---------------------------------------------------------------------------------------------- what is read

declare const row: Everything
expectTypeOf(row.state).toEqualTypeOf<'open' | 'paid'>()
expectTypeOf(row.role).toEqualTypeOf<Role>()
expectTypeOf(row.size).toEqualTypeOf<'s' | 'l' | null>()
expectTypeOf(row.color).toEqualTypeOf<string | null>()
expectTypeOf(row.open).toEqualTypeOf<Weekday[]>()
expectTypeOf(row.tags).toEqualTypeOf<string[]>()
expectTypeOf(row.amounts).toEqualTypeOf<bigint[]>()
expectTypeOf(row.at).toEqualTypeOf<DateTime | null>()
expectTypeOf(row.initials).toEqualTypeOf<string>()
expectTypeOf(state.labelOf('paid')).toEqualTypeOf<string>()
expectTypeOf(state.options()).toEqualTypeOf<{ readonly value: 'open' | 'paid'; readonly label: string }[]>()
expectTypeOf(db.utils.nameOf('DE', 'fr')).toEqualTypeOf<string>()

declare const coded: Codes
expectTypeOf<Pick<Codes, keyof typeof codes>>().toEqualTypeOf<Record<keyof typeof codes, string>>()
expectTypeOf([coded.day, coded.seen] as const).toEqualTypeOf<readonly [string, DateTime]>()
void coded.update({ email: 'a@b.cd', seen: new Date(), day: '2026-01-31' })
// @ts-expect-error a code is a text
void coded.update({ country: 49 })
// @ts-expect-error a number of a phone is a text
void coded.update({ phone: 49301234 })
// @ts-expect-error bits are a text
void coded.update({ bits: 0b101 })
// @ts-expect-error an address is a text
void Codes.filter({ address: 2_130_706_433 })
// @ts-expect-error a moment is no number
void coded.update({ seen: 5 })

// ---------------------------------------------------------------------------------------------- what is written

void Everything.create({ role: Role.Admin })
void Everything.create({ role: 'guest', state: 'paid', open: [7], amounts: [1, 2n], uid: 'x', token: 't', warmth: '20' })
// @ts-expect-error a role is required
void Everything.create({})
// @ts-expect-error there is no such state
void Everything.create({ role: Role.Admin, state: 'lost' })
// @ts-expect-error there is no such role
void Everything.create({ role: 'king' })
// @ts-expect-error a week has seven days
void Everything.create({ role: Role.Admin, open: [8] })
// @ts-expect-error tags are texts
void Everything.create({ role: Role.Admin, tags: [1] })
// @ts-expect-error the database computes it
void Everything.create({ role: Role.Admin, initials: 'AL' })
// @ts-expect-error the database computes it
void row.update({ initials: 'AL' })
void row.update({ state: 'paid', open: [1] })
// @ts-expect-error there is no such state
void row.update({ state: 'lost' })
// @ts-expect-error there is no such code
state.labelOf('lost')
// @ts-expect-error the default is no choice
db.Column(state, { default: 'lost' })
// @ts-expect-error choices are texts
db.ChoiceType([1, 2])
// @ts-expect-error there is no version 5
db.UUIDType({ version: 5 })

// ---------------------------------------------------------------------------------------------- what is asked

const below = (degrees: number) => operator<number>((column) => column.lt(degrees))
void Everything.filter({ state: oneOf(['open', 'paid']), open: [1, 2], role: Role.Admin, warmth: below(20) })
void Everything.filter((each) => each.warmth.matches(below(20)).and(each.state.eq('paid')))
void Everything.filter((each) => each.warmth.matches(gt(3)))
// @ts-expect-error there is no such state
void Everything.filter({ state: 'lost' })
// @ts-expect-error there is no such state
void Everything.filter((each) => each.state.eq('lost'))
// @ts-expect-error degrees are no text
void Everything.filter({ color: below(20) })
// @ts-expect-error degrees are no text
void Everything.filter((each) => each.warmth.matches(startsWith('2')))

// ---------------------------------------------------------------------------------------------- decorators

class Decorated extends db.Model {
  @db.Column(state) declare state: 'open' | 'paid'
  @db.Column(db.Enum(Role)) declare role: Role
  @db.Column(db.WeekDaysType(), { nullable: true }) declare open: Weekday[] | null
  @db.Column(Initials) declare initials: string
  // @ts-expect-error the property may be another text
  @db.Column(state) declare wider: string
  // @ts-expect-error the column may be null
  @db.Column(db.ColorType(), { nullable: true }) declare color: string
  // @ts-expect-error the column is a list
  @db.Column(db.ScalarListType()) declare tags: string
}
void Decorated

class Plain {
  @db.Column(db.CountryType()) declare country: string
  // @ts-expect-error the column is a text
  @db.Column(db.CountryType()) declare number: number
}
void Plain

// ---------------------------------------------------------------------------------------------- trying a type

void checkColumnType(Celsius, { samples: [-40, 0, '20'], forms: [['20', 20]], refused: ['warm'], db })
// @ts-expect-error it takes no moments
void checkColumnType(Celsius, { samples: [new Date()] })
// @ts-expect-error there is no such option
void checkColumnType(Celsius, { samples: [1, 2], sorted: true })
