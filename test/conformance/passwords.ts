import { inspect } from 'node:util'
import { type ActiveAlchemy, isNull, not, oneOf, or, Password } from '@active-alchemy/core'
import { Column, Entity, In, IsNull as TypeormIsNull, Not as TypeormNot, PrimaryGeneratedColumn } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { reason, refused } from './reason.ts'
import { rowIn } from './store.ts'

/** What passlib, which the Python original uses, wrote for `correct horsé`, or others for texts of their own tests. */
const written = {
  'scrypt of the documentation': ['$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E', 'password'],
  'PBKDF2 of the documentation': ['$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44', 'password'],
  scrypt: ['$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$tfTsNDQ/DLSifhHU+e5537iBuHP9qpCzkfQsnFLQKnY', 'correct horsé'],
  'PBKDF2 with SHA-512': [
    '$pbkdf2-sha512$1000$AAECAwQFBgcICQoLDA0ODw$CSSTONJ.cPjrTpTRLQqs4pj6oOzDTFUzuun07vphc/mTUZt9lwbKzsijUB6ygtqWqukHKHH8ErhWQBWQb6G8eg',
    'correct horsé',
  ],
  'PBKDF2 with SHA-256': ['$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw$Y2/EVQKhnKKhACVY6z9QwMMxFHMYsblVBxqPjXrlYcE', 'correct horsé'],
  'PBKDF2 with SHA-1': ['$pbkdf2$1000$AAECAwQFBgcICQoLDA0ODw$27RWRIHGY2Xj6YWphk/sR5QT8BM', 'correct horsé'],
  argon2id: ['$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc', 'password'],
  argon2i: ['$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA', 'password'],
  bcrypt: ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  'bcrypt of PHP': ['$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  'MD5-crypt': ['$1$saltsalt$NuzA7WTAelpl95xgBGWN60', 'correct horse'],
} as const

/** Passwords: hashed before the statement, verified, and shown by nothing. */
export function passwordRows(database: TestDatabase): void {
  const row = rowIn(database)

  async function members(db: ActiveAlchemy) {
    class Member extends db.Model('Member', {
      name: db.Column(db.String(20), { unique: true }),
      password: db.Column(db.PasswordType({ cost: 10 }), { nullable: true }),
    }) {}
    await db.createAll()
    return Member
  }
  const has = async (record: { password: Password | null } | null, text: string): Promise<boolean | undefined> =>
    record?.password?.verify(text)

  row('a text is written, and verified when it is read; no two hashes are the same, and none holds the text', async ({ db, raw }) => {
    const Member = await members(db)
    const made = await Member.create({ name: 'ada', password: 'correct horse' })
    expect(made.isDirty).toBe(false)
    await Member.create({ name: 'bob', password: 'correct horse' })
    for (const member of [made, await Member.getOrError(made.id), await db.of(Member).getOrError(made.id)]) {
      expect(await has(member, 'correct horse')).toBe(true)
      for (const wrong of ['correct horse ', 'Correct horse', '', 'x'.repeat(100_000), null, undefined, 5, ['correct horse'], {}]) {
        expect([wrong, await member.password?.verify(wrong)]).toEqual([wrong, false])
      }
    }
    const rows = await raw<{ password: Buffer }>('select password from member')
    const hashes = rows.map(({ password }) => password.toString())
    expect(hashes).toEqual([expect.stringMatching(/^\$scrypt\$ln=10,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/), expect.any(String)])
    expect(hashes[0]).not.toBe(hashes[1])
  })

  row('a record with one that was just read is clean, and writes it only when it was set', async ({ db, sent }) => {
    const Member = await members(db)
    const { id } = await Member.create({ name: 'ada', password: 'one' })
    const member = await Member.getOrError(id)
    expect([member.isDirty, Object.keys(member.changes)]).toEqual([false, []])
    expect(await sent(() => member.save())).toEqual([])
    const changed = await sent(() => member.update({ name: 'eve' }))
    expect(changed.join()).not.toMatch(/password/)
    expect(await has(await Member.get(id), 'one')).toBe(true)
    member.set({ password: 'two' })
    expect(member.isDirty).toBe(true)
    expect(await has(member, 'two')).toBe(true)
    await member.save()
    expect([member.isDirty, await has(await Member.get(id), 'two'), await has(await Member.get(id), 'one')]).toEqual([false, true, false])
    await member.reload()
    expect([member.isDirty, await has(member, 'two')]).toEqual([false, true])
    expect((await member.update({ password: null })).password).toBeNull()
    expect((await Member.getOrError(id)).password).toBeNull()
  })

  row('every way to write hashes: many at once, in bulk, upserts, found or created, in a transaction that is undone', async ({ db }) => {
    const Member = await members(db)
    await Member.createMany(['a', 'b', 'c'].map((name) => ({ name, password: `of ${name}` })))
    for (const name of ['a', 'b', 'c']) expect(await has(await Member.first({ name }), `of ${name}`)).toBe(true)
    expect(await Member.filter({ name: oneOf(['a', 'b']) }).updateAll({ password: 'same' })).toBe(2)
    expect(await has(await Member.first({ name: 'b' }), 'same')).toBe(true)
    expect(await Member.filter({ name: 'c' }).updateAll({ password: null })).toBe(1)
    await Member.upsertMany(
      [
        { name: 'a', password: 'upserted' },
        { name: 'd', password: 'new' },
      ],
      { on: ['name'] },
    )
    expect(await has(await Member.first({ name: 'a' }), 'upserted')).toBe(true)
    expect(await has(await Member.first({ name: 'd' }), 'new')).toBe(true)
    expect(await has(await Member.firstOrCreate({ name: 'e' }, { password: 'made' }), 'made')).toBe(true)
    expect(await has(await Member.updateOrCreate({ name: 'e' }, { password: 'updated' }), 'updated')).toBe(true)
    expect(await has(await Member.first({ name: 'e' }), 'updated')).toBe(true)
    await db.run(async () => {
      const member = await Member.firstOrError({ name: 'e' })
      const undone = db.transaction(async () => {
        await member.update({ password: 'undone' })
        throw new Error('undo')
      })
      await expect(undone).rejects.toThrow('undo')
      expect(await has(member, 'updated')).toBe(true)
      const added = new Member({ name: 'f', password: 'added' })
      db.add(added)
      await db.flush()
      expect(await has(await Member.first({ name: 'f' }), 'added')).toBe(true)
    })
  })

  row('hashing keeps nobody waiting: other work goes on meanwhile', async ({ db }) => {
    class Member extends db.Model('SlowMember', { password: db.Column(db.PasswordType({ cost: 14 })) }) {}
    await db.createAll()
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await Member.create({ password: 'correct horse' })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(2)
  })

  row('it is never compared, sorted by, chosen or reckoned with: 400', async ({ db }) => {
    const Member = await members(db)
    await Member.create({ name: 'ada', password: 'x' })
    const member = await Member.firstOrError({ name: 'ada' })
    type Loose = Record<string, never>
    const asked: Record<string, () => unknown> = {
      'a filter by a text': () => Member.filter({ password: 'x' } as unknown as Loose).all(),
      'a filter by itself': () => Member.filter({ password: member.password } as unknown as Loose).all(),
      'a list': () => Member.filter({ password: oneOf(['x']) } as unknown as Loose).all(),
      not: () => Member.filter({ password: not('x') } as unknown as Loose).all(),
      or: () => Member.filter({ password: or('x' as never, 'y' as never) } as unknown as Loose).all(),
      first: () => Member.first({ password: 'x' } as unknown as Loose),
      count: () => Member.count({ password: 'x' } as unknown as Loose),
      'an order': () => Member.query().orderBy('password').all(),
      'an order by function': () =>
        Member.query()
          .orderBy((each) => each.password as never)
          .all(),
      groups: () =>
        Member.query((each) => ({ n: each.id.count() }))
          .groupBy('password')
          .all(),
      'a chosen column': () => Member.query('password').all(),
      'a chosen expression': () => Member.query((each) => ({ each: each.password })).all(),
      'a comparison': () => Member.filter((each) => each.password.eq('x' as never)).all(),
      'the other side': () => Member.filter((each) => each.name.eq(each.password as never)).all(),
      'a cast': () => Member.query((each) => ({ text: each.password.cast(db.Text) })).all(),
      'a smallest': () => Member.query({ least: db.func.min('password') }).first(),
      'a page by cursor': () => Member.query().orderBy('password').paginateByCursor({ first: 1 }),
      'a statement': () => db.sql`select id from ${Member} where password = ${member.password as never}`,
    }
    for (const [name, call] of Object.entries(asked)) {
      expect([name, await reason(call)]).toEqual([
        name,
        expect.objectContaining({ code: expect.stringMatching(/^INVALID_(FILTER|VALUE)$/) }),
      ])
    }
    expect(await Member.filter({ password: isNull() }).count()).toBe(0)
    expect(await Member.filter({ password: not(isNull()) }).count()).toBe(1)
    const taken = await reason(() => Member.filter({ name: 'ada' }).updateAll({ name: (each) => each.password as never }))
    expect(taken).toEqual(refused('INVALID_FILTER', 400))
    const computed = await reason(() =>
      Member.filter({ name: 'ada' }).updateAll({ password: ((each: never) => (each as { name: unknown }).name) as never }),
    )
    expect(computed).toEqual(refused('INVALID_VALUE', 422))
  })

  row('what is no password is 422, by the name of the column, and tells nothing of it', async ({ db }) => {
    const Member = await members(db)
    for (const password of ['', 5, true, ['pLanted'], { verify: 'pLanted' }, 'pLanted'.repeat(1_000), 'pLanted\0', 'pLanted\uD800']) {
      const error = await reason(() => Member.create({ name: 'x', password: password as never }))
      expect(error).toEqual(expect.objectContaining({ code: 'INVALID_VALUE', status: 422, column: 'password' }))
      expect(inspect(error)).not.toContain('pLanted')
    }
    class Strict extends db.Model('Strict', { password: db.Column(db.PasswordType({ cost: 10 })) }) {}
    expect(await reason(() => Strict.create({} as never))).toEqual(expect.objectContaining({ column: 'password', status: 422 }))
  })

  row('nothing shows it: dict, JSON, inspect, a copy, a text', async ({ db }) => {
    const Member = await members(db)
    const made = await Member.create({ name: 'ada', password: 'pLanted' })
    const unsaved = new Member({ name: 'eve', password: 'pLanted' })
    for (const member of [made, unsaved, await Member.getOrError(made.id)]) {
      const faces = [
        member,
        Object.assign({}, member),
        member.toDict(),
        member.toJSON(),
        member.password,
        [member.password],
        member.changes,
      ]
      for (const face of faces) {
        const shown = [String(face), inspect(face, { depth: 9, showHidden: true, getters: true }), JSON.stringify(face)].join()
        expect(shown).not.toMatch(/pLanted|scrypt|\$ln/)
      }
      expect(Object.keys(member.toDict())).not.toContain('password')
      expect(structuredClone(Object.assign({}, member.password))).toEqual({})
    }
  })

  row('what passlib wrote is verified, and asks to be hashed anew', async ({ db, raw }) => {
    const Member = await members(db)
    for (const [name, [hash, text]] of Object.entries(written)) {
      const { id } = await Member.create({ name: name.slice(0, 20) })
      await raw(`update member set password = '${hash}' where id = ${id}`)
      const member = await Member.getOrError(id)
      expect([name, await has(member, text), await has(member, `${text}.`)]).toEqual([name, true, false])
      expect([name, member.password?.needsRehash]).toEqual([name, true])
    }
    for (const damaged of [
      '',
      '$',
      '$scrypt$',
      '$scrypt$ln=99,r=8,p=1$AAAA$AAAA',
      '$pbkdf2$0$AAAA$',
      '$pbkdf2$x$AAAA$AAAA',
      'plain',
      '$9$x$y',
      '$1$$',
      '$argon2id$',
      '$argon2id$v=19$m=1024,t=2,p=1$AAAA$BBBB',
      '$argon2i$v=19$m=99999999999,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
      '$2b$10$',
      '$2b$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
      '$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    ]) {
      const { id } = await Member.create({ name: `d${damaged.slice(0, 19)}` })
      await raw(`update member set password = '${damaged}' where id = ${id}`)
      expect([damaged, await has(await Member.getOrError(id), '')]).toEqual([damaged, false])
    }
  })

  row('each scheme hashes in its usual form, verifies what the others hashed, and asks for its own', async ({ db, raw }) => {
    const forms = {
      scrypt: /^\$scrypt\$ln=10,r=8,p=3\$/,
      argon2: /^\$argon2id\$v=19\$m=1024,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/,
      bcrypt: /^\$2b\$10\$[./\w]{53}$/,
    } as const
    const schemes = ['scrypt', 'argon2', 'bcrypt'] as const
    const columns = (scheme: (typeof schemes)[number], cost = 10) => ({ password: db.Column(db.PasswordType({ scheme, cost })) })
    const tableName = 'hashed'
    const of = {
      scrypt: class extends db.Model('OfScrypt', columns('scrypt'), { tableName }) {},
      argon2: class extends db.Model('OfArgon2', columns('argon2'), { tableName }) {},
      bcrypt: class extends db.Model('OfBcrypt', columns('bcrypt'), { tableName }) {},
      costly: class extends db.Model('Costly', columns('argon2', 11), { tableName }) {},
      slow: class extends db.Model('Slow', columns('bcrypt', 11), { tableName }) {},
    }
    await db.createAll()
    for (const scheme of schemes) {
      const { id } = await of[scheme].create({ password: 'correct horsé' })
      const [stored] = await raw<{ password: Buffer }>(`select password from hashed where id = ${id}`)
      expect(String(stored?.password)).toMatch(forms[scheme])
      for (const reader of schemes) {
        const { password } = await of[reader].getOrError(id)
        const answers = [await password.verify('correct horsé'), await password.verify('correct horse'), password.needsRehash]
        expect([scheme, reader, ...answers]).toEqual([scheme, reader, true, false, scheme !== reader])
      }
      const costlier = [await of.costly.getOrError(id), await of.slow.getOrError(id)].map(({ password }) => password.needsRehash)
      expect([scheme, ...costlier]).toEqual([scheme, true, true])
    }
    // A sign of two bytes: 72 of them are 36.
    const longest = 'é'.repeat(36)
    expect(await (await of.bcrypt.create({ password: longest })).password.verify(longest)).toBe(true)
    await expect((async () => of.bcrypt.create({ password: `${longest}x` }))()).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      status: 422,
    })
    expect(() => db.PasswordType({ scheme: 'argon' as never })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  row('a higher cost asks for another hash, which the next save has', async ({ db }) => {
    const Member = await members(db)
    const { id } = await Member.create({ name: 'ada', password: 'one' })
    class Later extends db.Model('Later', { password: db.Column(db.PasswordType({ cost: 11 })) }, { tableName: 'member' }) {}
    const member = await Later.getOrError(id)
    expect([await member.password.verify('one'), member.password.needsRehash]).toEqual([true, true])
    await member.update({ password: 'one' })
    const again = await Later.getOrError(id)
    expect([await again.password.verify('one'), again.password.needsRehash]).toEqual([true, false])
    expect((await Member.getOrError(id)).password?.needsRehash).toBe(false)
  })

  row('by repositories and builders of TypeORM it is hashed too; one that is no hash is never sent', async ({ db }) => {
    const Member = await members(db)
    const repository = db.dataSource.getRepository(Member)
    const text = (password: string): never => password as never
    const saved = await repository.save(repository.create({ name: 'saved', password: text('one') }))
    expect([saved.password, await has(saved, 'one')]).toEqual([expect.any(Password), true])
    expect(JSON.stringify(saved)).not.toContain('one')
    expect(await has(await Member.get(saved.id), 'one')).toBe(true)
    await repository.insert({ name: 'inserted', password: text('two') })
    expect(await has(await repository.findOneBy({ name: 'inserted' }), 'two')).toBe(true)
    await repository.update({ name: 'inserted' }, { password: text('three') })
    expect(await has(await Member.first({ name: 'inserted' }), 'three')).toBe(true)
    saved.password = text('four')
    await repository.save(saved)
    expect(await has(await Member.get(saved.id), 'four')).toBe(true)
    await repository.upsert({ name: 'saved', password: text('five') }, ['name'])
    expect(await has(await Member.get(saved.id), 'five')).toBe(true)
    await repository
      .createQueryBuilder()
      .update()
      .set({ password: text('six') })
      .where({ name: 'saved' })
      .execute()
    expect(await has(await Member.get(saved.id), 'six')).toBe(true)
    for (const find of [
      () => repository.findOneBy({ password: text('six') }),
      () => repository.find({ where: [{ name: 'x' }, { password: In([text('six')]) }] }),
      () => repository.update({ password: text('six') }, { name: 'x' }),
      () => repository.delete({ password: text('six') }),
      () =>
        repository
          .createQueryBuilder('member')
          .where({ password: text('six') })
          .getMany(),
    ]) {
      expect(await reason(find)).toEqual(refused('INVALID_FILTER', 400))
    }
    expect(await repository.countBy({ password: TypeormNot(TypeormIsNull()) })).toBe(2)
    expect(await reason(() => db.dataSource.query('select 1', [new Member({ name: 'x', password: 'x' }).password]))).toMatchObject({
      code: 'INVALID_STATEMENT',
    })
  })

  row('a key, a unique value and a default that its table would tell are refused where it is defined', async ({ db }) => {
    const define = (options: object): Promise<unknown> =>
      reason(() => {
        class Wrong extends db.Model(`Wrong${Math.random()}`, { password: db.Column(db.PasswordType(), options) }) {}
        return Wrong.query().toSQL()
      })
    for (const options of [{ unique: true }, { index: true }, { primary: true }, { default: 'x' }, { serverDefault: "'x'" }]) {
      expect([options, await define(options)]).toEqual([options, expect.objectContaining({ code: 'MODEL_DEFINITION' })])
    }
    for (const options of [{ cost: 9 }, { cost: 21 }, { cost: '12' }, { scheme: 'md5' }, { rounds: 3 }]) {
      expect(() => db.PasswordType(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error)
    }
  })

  row('a migration after createAll finds no difference', async ({ db }) => {
    await members(db)
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  row('an entity of plain TypeORM has it by the decorator', async ({ another }) => {
    const { PasswordType, Column: column } = another()
    @Entity()
    class Account {
      @PrimaryGeneratedColumn() id!: number
      @Column({ type: 'varchar', length: 20 }) name!: string
      @column(PasswordType({ cost: 10 })) password!: Password
    }
    const own = another({ models: [Account] })
    await own.createAll()
    const repository = own.dataSource.getRepository(Account)
    const given = { name: 'ada', password: 'one' as never }
    const { id } = await repository.save(given)
    expect(inspect(given)).not.toContain('one')
    expect(await (await repository.findOneByOrFail({ id })).password.verify('one')).toBe(true)
    const made = await own.of(Account).create({ name: 'eve', password: 'two' })
    expect(await (await repository.findOneByOrFail({ id: made.id })).password.verify('two')).toBe(true)
    const found = await own.of(Account).getOrError(made.id)
    await own.of(Account).update(found, { password: 'three' })
    expect(await (await own.of(Account).getOrError(made.id)).password.verify('three')).toBe(true)
  })
}
