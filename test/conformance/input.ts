import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** What a client sends is data: never SQL, never an operator, never another row's key, never a column that it may not set. */
export function inputRows(database: TestDatabase): void {
  const row = rowIn(database)
  const refused = (code: string, status: number): object =>
    expect.objectContaining({ code, status, statusCode: status, expose: true }) as object

  const keys: readonly unknown[] = [
    { $gt: 0 },
    { id: 1 },
    [1],
    ['1', '2'],
    '1 or 1=1',
    "1'; drop table user; --",
    '1e0',
    '0x1',
    ' 1',
    '1.0',
    1.5,
    Number.NaN,
    true,
    '99999999999999999999',
    () => 1,
    Symbol('1'),
    new Date(),
    '',
    undefined,
  ]

  row('get takes a key and nothing else: no row is found by an operator, and no statement is changed', async ({ User, statements }) => {
    const user = await User.create({ name: 'a' })
    expect([(await User.get(user.id))?.id, (await User.get(String(user.id)))?.id, await User.get(null)]).toEqual([1, 1, null])
    statements.length = 0
    for (const key of keys) {
      const found: unknown = await User.get(key).then(undefined, (error: unknown) => error)
      if (found !== null) expect([key, found]).toEqual([key, refused('INVALID_IDENTIFIER', 400)])
    }
    expect(new Set(statements.map((sql) => sql.replace(/\s+/g, ' '))).size).toBeLessThanOrEqual(1)
  })

  const bodies: readonly (readonly [string, unknown, string, number])[] = [
    ['an unknown key', { name: 'a', isAdmin: true }, 'UNKNOWN_COLUMN', 422],
    ['a key of a prototype', JSON.parse('{"name":"a","__proto__":{"isAdmin":true}}'), 'UNKNOWN_COLUMN', 422],
    ['constructor', { name: 'a', constructor: { name: 'x' } }, 'UNKNOWN_COLUMN', 422],
    ['a method', { name: 'a', save: 'x' }, 'UNKNOWN_COLUMN', 422],
    ['the generated key', { name: 'a', id: 7 }, 'PROTECTED_COLUMN', 422],
    ['a stamp', { name: 'a', createdAt: '2020-01-01' }, 'PROTECTED_COLUMN', 422],
    ['the deletion', { name: 'a', deletedAt: null }, 'PROTECTED_COLUMN', 422],
    ['the deletion flag', { name: 'a', isDeleted: true }, 'PROTECTED_COLUMN', 422],
    ['an object for a text', { name: { $gt: '' } }, 'INVALID_VALUE', 422],
    ['a list for a text', { name: ['a'] }, 'INVALID_VALUE', 422],
    ['a number for a text', { name: 5 }, 'INVALID_VALUE', 422],
    ['a text that is too long', { name: 'x'.repeat(26) }, 'INVALID_VALUE', 422],
    ['a text for a number', { name: 'a', points: '5' }, 'INVALID_VALUE', 422],
    ['a fraction for a whole number', { name: 'a', points: 1.5 }, 'INVALID_VALUE', 422],
    ['a number that is none', { name: 'a', points: Number.NaN }, 'INVALID_VALUE', 422],
    ['nothing for what is required', { name: null }, 'INVALID_VALUE', 422],
    ['what is required, left out', { location: 'x' }, 'INVALID_VALUE', 422],
    ['values in place of a record', { name: 'a', posts: [{ id: 1 }] }, 'INVALID_VALUE', 422],
    ['a function', { name: () => 'now()' }, 'INVALID_VALUE', 422],
  ]
  for (const [title, body, code, status] of bodies) {
    row(`create refuses ${title}`, async ({ User }) => {
      await expect(User.create(body as never).then(() => 'created')).rejects.toEqual(refused(code, status))
      expect(await User.count()).toBe(0)
    })
  }

  row('update refuses the same, and the key; a refused update changes nothing', async ({ User }) => {
    const user = await User.create({ name: 'a' })
    for (const [title, body, code, status] of bodies.filter(([each]) => !each.includes('left out'))) {
      const values = typeof body === 'object' && body !== null ? { location: 'changed', ...body } : body
      const error: unknown = await (async () => user.update(values as never))().then(
        () => title,
        (each: unknown) => each,
      )
      expect([title, error]).toEqual([title, refused(code, status)])
      expect(user).toMatchObject({ name: 'a', location: 'USA', isDirty: false })
    }
    expect(() => new User({ nope: 1 } as never)).toThrow(refused('UNKNOWN_COLUMN', 422) as Error)
  })

  row('fillable and guarded say what may be set, and unguarded takes all', async ({ db }) => {
    class Account extends db.Model(
      'Account',
      { login: db.Column(db.String(20)), role: db.Column(db.String(10), { default: 'user' }) },
      { guarded: ['role'], hidden: ['role'] },
    ) {}
    class Open extends db.Model('Open', { a: db.Column(db.String(5)), b: db.Column(db.String(5), { default: 'b' }) }) {
      static override readonly fillable = ['a']
    }
    await db.createAll()
    await expect(Account.create({ login: 'x', role: 'admin' })).rejects.toEqual(refused('PROTECTED_COLUMN', 422))
    const trusted = await Account.create({ login: 'x', role: 'admin' }, { unguarded: true })
    expect(trusted.role).toBe('admin')
    expect(trusted.toDict()).not.toHaveProperty('role')
    expect(JSON.stringify(trusted)).not.toContain('admin')
    await expect(Open.create({ a: 'x', b: 'y' })).rejects.toEqual(refused('PROTECTED_COLUMN', 422))
    expect(await Open.create({ a: 'x' })).toMatchObject({ b: 'b' })
  })

  row('a relation takes an instance, which JSON can never be', async ({ User, Post }) => {
    const author = await User.create({ name: 'a' })
    for (const value of [{ id: author.id }, JSON.parse(JSON.stringify(author)), [author.id]]) {
      await expect(Post.create({ title: 'x', author: value as never })).rejects.toEqual(refused('INVALID_VALUE', 422))
      expect(() => Post.filter({ author: value as never })).toThrow(refused('INVALID_FILTER', 400) as Error)
    }
    for (const key of [1, '1'])
      await expect(Post.create({ title: 'x', author: key as never })).rejects.toEqual(refused('INVALID_VALUE', 422))
    // Reading is the application's: a filter takes the key as well.
    expect(await Post.filter({ author: author.id }).count()).toBe(0)
  })

  const filters: readonly unknown[] = [
    { nope: 1 },
    { name: { $gt: '' } },
    { name: [{ $gt: '' }] },
    { name: () => '1=1' },
    { points: '1 or 1=1' },
    { 'name = name or name': 'x' },
    { 'user.name': 'x' },
    "name = 'a'",
    5,
    null,
    [],
    ['name'],
    [[]],
    new Date(),
    { settings: { a: 1 } },
  ]
  row('a filter is made of mapped names and single values', async ({ User }) => {
    await User.create({ name: 'a' })
    for (const filter of filters) {
      const found: unknown = await (async () => User.filter(filter as never).all())().then(undefined, (error: unknown) => error)
      expect([filter, found]).toEqual([filter, refused('INVALID_FILTER', 400)])
    }
    expect(await User.filter({ name: "' or 1=1 --" }).all()).toEqual([])
    expect(await User.filter({ name: '%' }).all()).toEqual([])
  })

  row('no error, inspection or JSON shows a value of a row', async ({ User }) => {
    await User.create({ name: 'secret-name', email: 'secret@example.org' })
    const error = await User.create({ name: 'secret-name', email: 'secret@example.org' }).then(
      () => undefined,
      (each: unknown) => each as Error,
    )
    const { inspect } = await import('node:util')
    const shown = `${error?.message} ${JSON.stringify(error)} ${inspect(error, { depth: 5 })} ${String(error)}`
    expect(shown).not.toMatch(/secret/)
    expect(error).toMatchObject({ code: 'UNIQUE', columns: ['email'] })
  })
}
