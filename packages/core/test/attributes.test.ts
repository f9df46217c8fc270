import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { InvalidValueError, ProtectedColumnError, UnknownColumnError } from '../src/errors.js'

const db = new ActiveAlchemy('sqlite://')

class Country extends db.BaseModel('Country', {
  code: db.Column(db.String(2), { primary: true }),
  name: db.Column(db.Text, { nullable: true }),
}) {}

class User extends db.Model(
  'User',
  {
    name: db.Column(db.String(5)),
    email: db.Column(db.EmailType(), { nullable: true }),
    role: db.Column(db.String, { default: 'reader' }),
    token: db.Column(db.UUID, { generated: 'uuid' }),
  },
  { guarded: ['role'] },
) {
  static relations = this.relate({ country: db.ManyToOne(() => Country), visited: db.ManyToMany(() => Country, { joinTable: true }) })
  declare country: Country | null
  declare visited: Country[]
}

class Note extends db.Model('Note', { text: db.Column(db.Text), secret: db.Column(db.Text, { nullable: true }) }, { fillable: ['text'] }) {}

const make = (values: object): User => new User(values as never)

describe('values of mapped columns', () => {
  it('are set, each as its column keeps it', () => {
    expect(make({ name: 'Mardi', email: 'FOO@Bar.com' })).toMatchObject({ name: 'Mardi', email: 'foo@bar.com' })
  })

  it('that are undefined are not there', () => {
    expect(Object.hasOwn(make({ name: undefined }), 'name')).toBe(false)
  })

  it('are all set or none', () => {
    const user = make({ name: 'a' })
    expect(() => user.set({ name: 'b', email: 42 } as never)).toThrow(InvalidValueError)
    expect(user.name).toBe('a')
  })

  it.each<[string, object, RegExp]>([
    ['of another kind', { name: 1 }, /^User\.name takes a string, and received the number 1\./],
    ['too long', { name: 'Mardix' }, /^User\.name takes a string of at most 5 characters/],
    ['null where there must be one', { name: null }, /^User\.name must not be null\./],
    ['functions', { name: () => 'x' }, /^User\.name takes no function\./],
  ])('that are %s are refused with the column', (_, values, message) => {
    expect(() => make(values)).toThrow(InvalidValueError)
    expect(() => make(values)).toThrow(message)
  })

  it('may be null where the column is nullable', () => {
    expect(make({ email: null }).email).toBeNull()
  })
})

describe('a key that is no column', () => {
  it.each(['nope', 'countryId', 'country_id', 'save', 'toString', 'isNew', 'Model', 'constructor'])(
    'as %s is refused, and the columns are listed',
    (key) => {
      expect(() => make({ [key]: 'x' })).toThrow(UnknownColumnError)
      expect(() => make({ [key]: 'x' })).toThrow(/It has name, email\./)
    },
  )

  it('cannot reach the prototype of the record', () => {
    expect(() => make(JSON.parse('{"__proto__":{"isAdmin":true}}') as object)).toThrow(UnknownColumnError)
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined()
  })
})

describe('a column that may not be set', () => {
  it.each<[string, unknown, string]>([
    ['id', 1, 'the database makes it'],
    ['token', '3f2504e0-4f89-41d3-9a0c-0305e82c3301', 'the database makes it'],
    ['createdAt', DateTime.utc(), 'it is written with the row'],
    ['updatedAt', DateTime.utc(), 'it is written with the row'],
    ['isDeleted', true, 'delete() and restore() write it'],
    ['deletedAt', DateTime.utc(), 'delete() and restore() write it'],
    ['role', 'admin', 'it is guarded'],
  ])('as %s = %o is refused, with the reason', (key, value, why) => {
    expect(() => make({ [key]: value })).toThrow(ProtectedColumnError)
    expect(() => make({ [key]: value })).toThrow(`User.${key} cannot be set: ${why}.`)
  })

  it('is any but the fillable ones, where a model names them', () => {
    expect(new Note({ text: 'a' }).text).toBe('a')
    expect(() => new Note({ text: 'a', secret: 'b' })).toThrow('Note.secret cannot be set: it is not among the fillable columns')
  })

  it('can be set with values that are trusted', () => {
    const createdAt = DateTime.fromISO('2020-01-01T00:00:00Z', { zone: 'utc' })
    const user = new User().set({ role: 'admin', id: 7, createdAt } as never, { unguarded: true })
    expect(user).toMatchObject({ role: 'admin', id: 7, createdAt })
    expect(() => new User().set({ nope: 1 } as never, { unguarded: true })).toThrow(UnknownColumnError)
    expect(() => new User().set({ role: 1 } as never, { unguarded: true })).toThrow(InvalidValueError)
  })

  it('may be a natural key of a new record', () => {
    expect(new Country({ code: 'IS' }).code).toBe('IS')
  })
})

describe('a relation', () => {
  it('takes records of its model, or none', () => {
    const country = new Country({ code: 'IS' })
    expect(make({ country }).country).toBe(country)
    expect(make({ country: null }).country).toBeNull()
    expect(make({ visited: [country] }).visited).toEqual([country])
    expect(make({ visited: [] }).visited).toEqual([])
  })

  it.each<[string, unknown]>([
    ['a key', 'IS'],
    ['the values of a record', { code: 'IS' }],
    ['a record of another model', new Note({ text: 'x' })],
    ['a list with something else', [new Country({ code: 'IS' }), { code: 'NO' }]],
  ])('takes no JSON: not %s', (_, value) => {
    expect(() => make({ country: value })).toThrow('takes a record of Country, not its values or key')
  })
})

describe('a new record', () => {
  it('is new and dirty, and knows its changes', () => {
    const user = make({ name: 'a' })
    expect([user.isNew, user.isDirty]).toEqual([true, true])
    expect(user.changes).toMatchObject({ name: 'a' })
    expect(user.changes).not.toHaveProperty('email')
  })
})

describe('toDict and toJSON', () => {
  class Account extends db.Model(
    'Account',
    {
      owner: db.Column(db.String),
      balance: db.Column(db.BigInteger, { default: 0n }),
      password: db.Column(db.String, { hidden: true }),
      salt: db.Column(db.String),
      openedAt: db.Column(db.DateTime, { nullable: true }),
      photo: db.Column(db.LargeBinary, { nullable: true }),
    },
    { hidden: ['salt'] },
  ) {
    static relations = this.relate({ country: db.ManyToOne(() => Country) })
    declare country: Country | null
  }

  const openedAt = DateTime.fromISO('2026-01-31T10:00:00.5Z', { zone: 'utc' })
  const account = new Account({ owner: 'a', balance: 2n ** 60n, password: 'hunter2', salt: 'salt', openedAt, photo: Buffer.from('abc') })

  it('leave hidden columns out', () => {
    expect(JSON.stringify([account, account.toJSON()])).not.toMatch(/hunter2|salt/)
    expect(Object.keys(account.toDict())).toEqual([
      'id',
      'createdAt',
      'updatedAt',
      'isDeleted',
      'deletedAt',
      'owner',
      'balance',
      'openedAt',
      'photo',
    ])
  })

  it('toDict gives the values themselves', () => {
    expect(account.toDict()).toMatchObject({ owner: 'a', balance: 2n ** 60n, openedAt, photo: Buffer.from('abc') })
  })

  it('toJSON gives what JSON can say', () => {
    expect(JSON.parse(JSON.stringify(account))).toEqual({
      isDeleted: false,
      owner: 'a',
      balance: '1152921504606846976',
      openedAt: '2026-01-31T10:00:00.500Z',
      photo: 'YWJj',
    })
    expect(new Account({ openedAt: null } as never).toJSON()).toMatchObject({ openedAt: null })
  })

  it('toJSON has the relations that are loaded, and no others', () => {
    expect(account.toJSON()).not.toHaveProperty('country')
    account.country = new Country({ code: 'IS', name: 'Iceland' })
    expect(JSON.parse(JSON.stringify(account))).toHaveProperty('country', { code: 'IS', name: 'Iceland' })
    expect(account.toDict()).not.toHaveProperty('country')
  })

  it('toJSON leaves a record out where it leads back to itself', () => {
    class Person extends db.Model('Person', { name: db.Column(db.Text) }) {
      static relations = this.relate({
        parent: db.ManyToOne(() => Person, 'children'),
        children: db.OneToMany(() => Person, 'parent'),
      })
      declare parent: Person
      declare children: Person[]
    }
    const [parent, child] = [new Person({ name: 'parent' }), new Person({ name: 'child' })]
    parent.children = [child]
    child.parent = parent
    expect(JSON.parse(JSON.stringify(parent))).toMatchObject({ name: 'parent', children: [{ name: 'child' }] })
    expect(JSON.parse(JSON.stringify(child))).toMatchObject({ name: 'child', parent: { name: 'parent' } })
    // One record in two places, which is no way back, is there twice.
    parent.children = [child, child]
    expect(JSON.parse(JSON.stringify(parent))).toHaveProperty('children.length', 2)
  })
})
