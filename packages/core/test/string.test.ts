import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidOptionError } from '../src/errors.js'
import { EmailType, String, Text, UUID, UUIDType } from '../src/types/index.js'

const uuid = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'

describe('String', () => {
  it('has 255 characters unless told otherwise', () => {
    expect(String.typeName).toBe('String(255)')
    expect(String().typeName).toBe('String(255)')
    expect(String.storage('sqlite')).toEqual({ type: 'varchar', length: 255 })
  })

  it('has 1 to 65,535 characters', () => {
    expect([String(1), String(65_535)].map(({ typeName }) => typeName)).toEqual(['String(1)', 'String(65535)'])
    expect(String(3).accept('abc')).toBe('abc')
  })

  it('is a varchar of its length on every database', () => {
    for (const database of ['sqlite', 'postgres', 'mysql'] as const)
      expect(String(25).storage(database)).toEqual({ type: 'varchar', length: 25 })
  })

  it.each([0, -1, 1.5, Number.NaN, 65_536])('cannot have %d characters', (length) => {
    expect(() => String(length)).toThrow(InvalidOptionError)
    expect(() => String(length)).toThrow('from 1 to 65535')
  })

  it('keeps a text as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 255 }).filter((text) => !text.includes('\0')),
        (text) => String.accept(text) === text,
      ),
    )
  })

  it('counts characters as databases do, not UTF-16 units', () => {
    expect(String(3).accept('👍👍👍')).toBe('👍👍👍')
    expect(() => String(3).accept('👍👍👍👍')).toThrow('at most 3 characters')
  })

  it('refuses a text that is too long without showing it', () => {
    expect(() => String(3).accept('secret')).toThrow(/^takes a string of at most 3 characters, and received a string of 6 characters$/)
  })

  it('refuses NUL, which PostgreSQL cannot keep, and halves of a character, which nobody can', () => {
    for (const text of ['a\0b', 'a\uD83D', '\uDE00b', '\uDE00\uD83D']) {
      for (const type of [String, Text]) expect(() => type.accept(text)).toThrow('without NUL')
    }
    expect(String.accept('😀')).toBe('😀')
  })

  it.each<[unknown, string]>([
    [null, 'null'],
    [undefined, 'undefined'],
    [42, 'the number 42'],
    [Number.NaN, 'a number that is not finite'],
    [true, 'a boolean'],
    [['a', 'b'], 'an array of 2'],
    [{ gt: '' }, 'an object'],
    [10n, 'a bigint'],
  ])('refuses %o, and says what it received', (value, received) => {
    expect(() => String.accept(value)).toThrow(new TypeError(`takes a string, and received ${received}`))
  })
})

describe('Text', () => {
  it('has any length', () => {
    const text = 'x'.repeat(100_000)
    expect(Text.accept(text)).toBe(text)
    expect([Text.storage('postgres'), Text.storage('mysql')]).toEqual([{ type: 'text' }, { type: 'longtext' }])
  })

  it('takes only strings without NUL', () => {
    expect(() => Text.accept(1)).toThrow('takes a string')
    expect(() => Text.accept('\0')).toThrow('NUL')
  })
})

describe('EmailType', () => {
  it('keeps an address in lower case', () => {
    expect(EmailType().accept('FOO@Bar.COM')).toBe('foo@bar.com')
  })

  it.each(['a@b', 'a.b+c@d-e.example', "o'neil@x.org", 'jörg@müller.example', '用户@例子.公司', 'a@xn--p1ai'])('takes %s', (address) => {
    expect(EmailType().accept(address)).toBe(address)
  })

  it.each([
    '',
    'not-an-email',
    '@',
    'a@',
    '@b',
    'a b@c.d',
    'a@b c',
    'a@b..c',
    'a@.b',
    'a@-b',
    'a@b.',
    'a@b\n',
    'a@b@c',
    `${'a'.repeat(65)}@b.c`,
  ])('refuses %j, which looks like no address, unless it is told not to check', (text) => {
    expect(() => EmailType().accept(text)).toThrow('takes an e-mail address')
    expect(EmailType(255, { check: false }).accept(text)).toBe(text)
  })

  it('refuses in a moment what is made to take long', () => {
    for (const text of ['a'.repeat(100_000), `a@${'b.'.repeat(50_000)}`, `a@${'b'.repeat(100_000)}`, `a@${'b-'.repeat(50_000)}!`]) {
      const before = performance.now()
      expect(() => EmailType(65_535).accept(text.slice(0, 65_000))).toThrow(TypeError)
      expect(performance.now() - before).toBeLessThan(1_000)
    }
  })

  it('is a String of its length', () => {
    expect(EmailType(40)).toMatchObject({ kind: 'string', typeName: 'EmailType(40)' })
    expect(EmailType(40).storage('postgres')).toEqual({ type: 'varchar', length: 40 })
    expect(() => EmailType(3).accept('a@b.c')).toThrow('at most 3 characters')
    expect(() => EmailType(0)).toThrow(InvalidOptionError)
  })

  it('is the same when it is accepted twice', () => {
    fc.assert(fc.property(fc.emailAddress(), (address) => EmailType().accept(EmailType().accept(address)) === EmailType().accept(address)))
  })

  it('refuses an address that lower case makes too long', () => {
    expect(() => EmailType(1, { check: false }).accept('İ')).toThrow('at most 1 characters')
  })
})

describe('UUID', () => {
  it('is kept in lower case', () => {
    expect(UUID.accept(uuid.toUpperCase())).toBe(uuid)
  })

  it('is its own type on PostgreSQL, and text elsewhere', () => {
    expect(UUID.storage('postgres')).toEqual({ type: 'uuid' })
    for (const database of ['sqlite', 'mysql'] as const) expect(UUID.storage(database)).toEqual({ type: 'varchar', length: 36 })
  })

  it('is accepted without hyphens, and kept with them', () => {
    expect(UUID.accept(uuid.replaceAll('-', '').toUpperCase())).toBe(uuid)
  })

  it.each<['binary' | 'char32', 'sqlite' | 'mysql', unknown]>([
    ['binary', 'sqlite', Buffer.from(uuid.replaceAll('-', ''), 'hex')],
    ['binary', 'mysql', Buffer.from(uuid.replaceAll('-', ''), 'hex')],
    ['char32', 'sqlite', uuid.replaceAll('-', '')],
    ['char32', 'mysql', uuid.replaceAll('-', '')],
  ])('opens columns of %s on %s', (storage, database, kept) => {
    const { transformer } = UUIDType({ storage }).storage(database)
    if (!transformer || Array.isArray(transformer)) throw new Error('It has one transformer')
    expect(transformer.to(uuid)).toEqual(kept)
    expect(transformer.from(kept)).toBe(uuid)
    expect([transformer.to(null), transformer.from(null)]).toEqual([null, null])
    expect(UUIDType({ storage }).storage('postgres')).toEqual({ type: 'uuid' })
  })

  it('refuses a storage that it does not know', () => {
    expect(() => UUIDType({ storage: 'base64' } as never)).toThrow(InvalidOptionError)
    expect(() => UUIDType({ binary: true } as never)).toThrow(InvalidOptionError)
  })

  it.each([
    '',
    'abc',
    uuid.slice(0, -1),
    uuid.replace('-', ''),
    `{${uuid}}`,
    `${uuid}0`,
    uuid.replace('3', 'g'),
    ` ${uuid}`,
    `${uuid}\n`,
    42,
    null,
  ])('refuses %o', (value) => {
    expect(() => UUID.accept(value)).toThrow('takes a UUID')
  })
})
