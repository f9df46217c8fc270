import { ActiveAlchemy, type Password } from '@active-alchemy/core'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

class User extends db.Model('User', {
  name: db.Column(db.String(25)),
  password: db.Column(db.PasswordType()),
  ssn: db.Column(db.EncryptedType(db.String(11), { key: 'k', blindIndex: 'ssnIndex' })),
  price: db.Column(db.StringEncryptedType(db.Numeric(10, 2), { key: [Buffer.from('k'), 'l'] }), { nullable: true }),
  notes: db.Column(db.EncryptedType(db.JSONType<{ seen: string[] }>(), { key: () => 'k' }), { default: () => ({ seen: [] }) }),
}) {}

const user = await User.create({ name: 'a', password: 'x', ssn: '1', price: 5 })
expectTypeOf(user.password).toEqualTypeOf<Password>()
expectTypeOf(user.password.verify('x')).toEqualTypeOf<Promise<boolean>>()
expectTypeOf(user.password.needsRehash).toEqualTypeOf<boolean>()
expectTypeOf(user.ssn).toEqualTypeOf<string>()
expectTypeOf(user.price).toEqualTypeOf<string | null>()
expectTypeOf(user.notes).toEqualTypeOf<{ seen: string[] }>()
void user.update({ password: 'y' })
void user.set({ password: 'y', ssn: '2' })
void User.createMany([{ name: 'b', password: 'x', ssn: '2' }])
void User.filter({ ssn: '1' })
// @ts-expect-error it is required
void User.create({ name: 'a', ssn: '1' })
// @ts-expect-error it is a text
void User.create({ name: 'a', password: 5, ssn: '1' })
// @ts-expect-error of a record it is no text
user.password = 'y'
// @ts-expect-error nor is it read as one
user.password.toUpperCase()
// @ts-expect-error the value of the inner type
void User.create({ name: 'a', password: 'x', ssn: 5 })
// @ts-expect-error a number is none
db.EncryptedType(db.Text, { key: 5 })
// @ts-expect-error nor is what the environment may not have
db.EncryptedType(db.Text, { key: process.env['KEY'] })
// @ts-expect-error there is no key
db.EncryptedType(db.Text, {})
// @ts-expect-error no such scheme
db.PasswordType({ scheme: 'md5' })

class Decorated extends db.Model {
  @db.Column(db.PasswordType()) declare password: Password
  @db.Column(db.EncryptedType(db.Integer, { key: 'k' })) declare pin: number
  // @ts-expect-error a password is no text
  @db.Column(db.PasswordType()) declare wrong: string
  // @ts-expect-error the inner type is of texts
  @db.Column(db.EncryptedType(db.Text, { key: 'k' })) declare other: number
}
const decorated = await Decorated.create({ password: 'x', pin: 5 })
void decorated.update({ password: 'y' })
// @ts-expect-error neither a text nor a password
void decorated.update({ password: 5 })

db.PasswordType({ scheme: 'argon2', cost: 16 })
db.PasswordType({ scheme: 'bcrypt' })
// @ts-expect-error no scheme
db.PasswordType({ scheme: 'md5' })
