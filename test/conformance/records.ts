import { inspect } from 'node:util'
import { isAlchemyError, type RecordPromise } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, type Store } from './store.ts'

/** What a record and an error show of themselves: to a log, to a client, to a programmer from another library. */
export function recordRows(database: TestDatabase): void {
  const row = (title: string, run: (store: Store) => Promise<void>): void => {
    it(title, () => inStore(database, run))
  }
  const thrown = async (call: () => unknown): Promise<unknown> => {
    try {
      return ['no error', await call()]
    } catch (error) {
      return error
    }
  }

  row('a record that is printed names its model and its key, and shows no hidden column', async ({ db }) => {
    class Account extends db.BaseModel(
      'Account',
      {
        id: db.Column(db.Integer, { primary: true }),
        name: db.Column(db.String(20)),
        password: db.Column(db.String(60), { hidden: true }),
        token: db.Column(db.String(60), { nullable: true }),
      },
      { hidden: ['token'] },
    ) {}
    class Seat extends db.BaseModel('Seat', {
      row: db.Column(db.Integer, { primary: true }),
      place: db.Column(db.String(2), { primary: true }),
    }) {}
    await db.createAll()
    const account = await Account.create({ id: 1, name: 'Ada', password: 'HASH1', token: 'HASH2' })
    const read = await Account.getOrError(1)
    for (const each of [account, read]) {
      const shown = [inspect(each), inspect({ deep: { each } }, { depth: 9 }), String(each), inspect(each, { depth: -1 })]
      expect(shown).toEqual([
        "Account { id: 1, name: 'Ada' }",
        expect.stringContaining("Account { id: 1, name: 'Ada' }"),
        '<Account 1>',
        '[Account]',
      ])
      expect(shown.join('')).not.toContain('HASH')
      expect([each.password, Object.assign({}, each).token, each.name]).toEqual(['HASH1', 'HASH2', 'Ada'])
    }
    expect(String(new Account({ name: 'new' } as never))).toBe('<Account>')
    expect(String(await Seat.create({ row: 3, place: 'A' }))).toBe('<Seat 3,A>')
  })

  row('an unknown key is answered with the columns that values may set, and no others', async ({ db }) => {
    class Account extends db.Model(
      'Account',
      {
        name: db.Column(db.String(20), { nullable: true }),
        role: db.Column(db.String(9), { default: 'user' }),
        password: db.Column(db.String(60), { hidden: true, nullable: true }),
      },
      { guarded: ['role'] },
    ) {
      static relations = this.relate({ friend: db.ManyToOne(() => Account) })
    }
    class Open extends db.Model('Open', {
      a: db.Column(db.String(5), { nullable: true }),
      b: db.Column(db.String(5), { nullable: true }),
    }) {
      static override readonly fillable = ['a']
    }
    await db.createAll()
    expect(await thrown(() => Account.create({ nmae: 1 } as never))).toMatchObject({
      message: 'Account has no column nmae. Did you mean name? It has name.',
    })
    expect(await thrown(() => Open.create({ zz: 1 } as never))).toMatchObject({ message: 'Open has no column zz. It has a.' })
    class Secret extends db.Model('Secret', { shown: db.Column(db.String(5)), pin: db.Column(db.String(5), { hidden: true }) }) {}
    await db.createAll()
    expect(await thrown(() => Secret.create({ pin: '1' } as never))).toMatchObject({ column: 'shown', status: 422 })
    const lacking = await thrown(() => Secret.create({ shown: 'a' } as never))
    expect(lacking).toMatchObject({ code: 'INVALID_VALUE', column: '*' })
    expect(String(lacking)).not.toContain('pin')
    const long = 'k'.repeat(10_000)
    for (const call of [() => Account.create({ [long]: 1 } as never), () => Account.filter({ [long]: 1 } as never).all()]) {
      const error = await thrown(call)
      expect(error).toMatchObject({ status: expect.toSatisfy((status: number) => status === 400 || status === 422) as number })
      expect(JSON.stringify(error).length + String(error).length).toBeLessThan(600)
    }
  })

  row(
    'every error of the library is known by one guard, and by its code; its JSON holds no statement and no value',
    async ({ User, db }) => {
      await User.create({ name: 'a', email: 'taken@example.org' })
      const errors = [
        await thrown(() => User.create({ name: 'secret-name', email: 'taken@example.org' })),
        await thrown(() => User.getOrError(99)),
        await thrown(() => User.create({ name: 5 } as never)),
        await thrown(() => User.filter({ nope: 1 } as never).all()),
        await thrown(() => db.add(new User({ name: 'a' }))),
        await thrown(() => User.get(1, { nope: true } as never)),
      ]
      expect(errors.map((error) => (isAlchemyError(error) ? [error.code, error.status, error.expose] : error))).toEqual([
        ['UNIQUE', 409, true],
        ['RECORD_NOT_FOUND', 404, true],
        ['INVALID_VALUE', 422, true],
        ['INVALID_FILTER', 400, true],
        ['NO_SCOPE', undefined, undefined],
        ['INVALID_OPTION', undefined, undefined],
      ])
      const [unique, , , , scope] = errors.map((error) => JSON.parse(JSON.stringify(error)) as unknown)
      expect(unique).toEqual({
        name: 'UniqueError',
        code: 'UNIQUE',
        status: 409,
        statusCode: 409,
        expose: true,
        columns: ['email'],
        message: 'A row with the same email exists. Choose another value.',
      })
      expect(scope).toEqual({ name: 'NoScopeError', code: 'NO_SCOPE' })
      expect(JSON.stringify(errors)).not.toMatch(/insert|secret-name|taken@/i)
      const unknown = await thrown(() => db.sql`select nope from ${User}`)
      expect([
        isAlchemyError(unknown),
        isAlchemyError(new Error('x')),
        isAlchemyError(JSON.parse('{"code":"UNIQUE"}')),
        isAlchemyError(null),
      ]).toEqual([false, false, false, false])
      expect(JSON.stringify(unknown)).not.toMatch(/select/i)
    },
  )

  row('create, update and a chain go through the save() of the model', async ({ db }) => {
    class Note extends db.Model('Note', { text: db.Column(db.String(20)) }) {
      override save(): RecordPromise<this> {
        this.text = this.text.trim()
        return super.save()
      }
    }
    await db.createAll()
    const note = await Note.create({ text: ' a ' })
    expect(note.text).toBe('a')
    await note.update({ text: ' b ' })
    expect([note.text, note.isDirty, (await Note.get(1))?.text]).toEqual(['b', false, 'b'])
    await Note.get(1).update({ text: ' c ' })
    await db.run(async () => {
      await (await Note.getOrError(1)).update({ text: ' d ' })
      expect(await Note.count({ text: 'd' })).toBe(1)
    })
    expect((await note.reload()).text).toBe('d')
  })

  row('a static that other libraries have says how it is written here', async ({ User }) => {
    const statics = User as unknown as Record<string, () => unknown>
    for (const name of [
      'find',
      'findOne',
      'findBy',
      'findOneBy',
      'findByPk',
      'delete',
      'update',
      'save',
      'insert',
      'where',
      'createQueryBuilder',
    ]) {
      expect(await thrown(() => statics[name]?.())).toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringMatching(new RegExp(`^User\\.${name}\\(\\) is not supported\\. Write User\\.\\w+\\(`)) as string,
      })
    }
    class Own extends User {
      static find(): string {
        return 'mine'
      }
    }
    expect(Own.find()).toBe('mine')
  })
}
