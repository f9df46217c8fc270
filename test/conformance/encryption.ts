import { inspect } from 'node:util'
import { type ActiveAlchemy, type Filter, gt, isNull, ne, not, oneOf, startsWith } from '@active-alchemy/core'
import { assert, asyncProperty, property, string } from 'fast-check'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { Equal, In, IsNull, Like, MoreThan, Not } from 'typeorm'
import { reason, refused } from './reason.ts'
import { rowIn } from './store.ts'

/** What the original's `AesEngine` wrote of `größe 12345` with `the old key`, by each of its paddings, and its `AesGcmEngine`. */
const written = {
  pkcs5: 'egp3Pu9LKMNEeG0L3q8wCg==',
  naive: 'wLqmElMNR2c7YjRIYopUJQ==',
  zeroes: '6Vfu0kmNJmQ/d3SdQczpTQ==',
  oneandzeroes: 'IYET/ffgKqMPrB32pprv/g==',
  gcm: 'AAECAwQFBgcICQoL0lhzYfMWJAffU5qAnwKWR+Egg9dfqrMPUJ4eH+c=',
} as const

/** Encrypted columns: read by who has a key, found by a blind index, and shown by nothing. */
export function encryptionRows(database: TestDatabase): void {
  const row = rowIn(database)
  const key = 'pLanted-kEy'

  async function patients(db: ActiveAlchemy) {
    class Patient extends db.Model('Patient', {
      name: db.Column(db.String(20)),
      ssn: db.Column(db.EncryptedType(db.String(20), { key, blindIndex: 'ssnIndex' }), { nullable: true, unique: true }),
      email: db.Column(db.EncryptedType(db.EmailType(), { key, blindIndex: 'emailIndex' }), { nullable: true }),
      notes: db.Column(db.EncryptedType(db.JSONType<{ seen: string[] }>(), { key }), { nullable: true }),
      born: db.Column(db.StringEncryptedType(db.Date, { key: Buffer.from(key) }), { nullable: true }),
    }) {}
    await db.createAll()
    return Patient
  }

  row('a value comes back as it was given, and the table holds nothing of it', async ({ db, raw }) => {
    const Patient = await patients(db)
    const values = { ssn: '123-45', email: 'Ada@Example.org', notes: { seen: ['x'] }, born: '1815-12-10' }
    const made = await Patient.create({ name: 'ada', ...values })
    expect(made.isDirty).toBe(false)
    const read = await Patient.getOrError(made.id)
    for (const patient of [made, read]) expect(patient).toMatchObject({ ...values, email: 'ada@example.org' })
    expect([read.isDirty, Object.keys(read.changes)]).toEqual([false, []])
    const [stored = {}] = await raw('select * from patient')
    expect(JSON.stringify(stored)).not.toMatch(/123-45|example|seen|1815/i)
    await Patient.create({ name: 'eve', email: 'ada@example.org' })
    const emails = await raw<{ email: string; email_index: string }>('select email, email_index from patient order by id')
    expect(emails[0]?.email).not.toBe(emails[1]?.email)
    expect(emails[0]?.email_index).toBe(emails[1]?.email_index)
  })

  row('every type of value inside: as it was given, in the form of the original', async ({ db, raw }) => {
    const encrypted = <T, Also>(type: Parameters<typeof db.EncryptedType<T, Also>>[0]) =>
      db.Column(db.EncryptedType<T, Also>(type, { key: 'the old key' }), { nullable: true })
    class Safe extends db.Model('Safe', {
      text: encrypted(db.Text),
      whole: encrypted(db.Integer),
      big: encrypted(db.BigInteger),
      real: encrypted(db.Float),
      price: encrypted(db.Numeric(10, 2)),
      flag: encrypted(db.Boolean),
      day: encrypted(db.Date),
      time: encrypted(db.Time),
      at: encrypted(db.DateTime),
      bytes: encrypted(db.LargeBinary),
      uid: encrypted(db.UUID),
      json: encrypted(db.JSONType),
    }) {}
    await db.createAll()
    const values = {
      text: '',
      whole: -5,
      big: 2n ** 60n,
      real: 0.1,
      price: '7.50',
      flag: false,
      day: '2020-02-29',
      time: '10:20:30.5',
      at: '2020-02-29T10:20:30.123Z',
      bytes: Buffer.from([0, 255]),
      uid: '6f9619ff-8b86-d011-b42d-00cf4fc964ff',
      json: { a: [1, null, 'x'] },
    }
    const { id } = await Safe.create(values)
    const safe = await Safe.getOrError(id)
    const { at, bytes, ...others } = values
    expect(safe).toMatchObject(others)
    expect([safe.at?.toJSON(), Buffer.from(safe.bytes ?? [])]).toEqual([at, bytes])
    expect(safe.isDirty).toBe(false)
    // What Python wrote with AesEngine and pkcs5.
    await raw("update safe set whole = 'xw9wG+ggU6erj720FKG1jw==', flag = '3fLS1WZAAtaIjR7Ze85FWQ==', day = '9/J+mcLNyQVc+7cYbQCWzg=='")
    await raw(
      "update safe set at = 'LwTv56CUd1eau76RnOwBRe3Kcz8ps04j+8KZSyx8dnU=', json = '9HfLV/O4wSPOYnb4pAwrB1M0OGuCrWRnSox6JEvnckU=', text = 'x6KebFiu9Zo+dNrR4w7x5A=='",
    )
    const old = await Safe.getOrError(id)
    expect([old.whole, old.flag, old.day, old.at?.toJSON(), old.json, old.text]).toEqual([
      42,
      true,
      '2020-02-29',
      '2020-02-29T10:20:30.000Z',
      { a: [1, null] },
      'sixteen letters!',
    ])
  })

  row('a change in place is seen, and what is unchanged is not written again', async ({ db, sent }) => {
    const Patient = await patients(db)
    const { id } = await Patient.create({ name: 'ada', ssn: '1', notes: { seen: [] } })
    const patient = await Patient.getOrError(id)
    expect(await sent(() => patient.save())).toEqual([])
    patient.notes?.seen.push('today')
    expect([patient.isDirty, Object.keys(patient.changes)]).toEqual([true, []])
    await patient.save()
    expect(patient.isDirty).toBe(false)
    expect((await Patient.getOrError(id)).notes).toEqual({ seen: ['today'] })
    const texts = await sent(() => patient.update({ name: 'eve' }))
    expect(texts.join()).not.toMatch(/ssn|notes/)
  })

  row('a blind index finds equal values, in every way to write and by each form of the value', async ({ db }) => {
    const Patient = await patients(db)
    await Patient.createMany([{ name: 'a', ssn: '1', email: 'a@x.org' }, { name: 'b', ssn: '2' }, { name: 'c' }])
    const found = async (filter: Filter<InstanceType<typeof Patient>>): Promise<string> =>
      (await Patient.filter(filter).orderBy('id').all()).map(({ name }) => name).join('')
    expect(await found({ ssn: '1' })).toBe('a')
    expect(await found({ email: 'A@X.ORG' })).toBe('a')
    expect(await found({ ssn: ne('1') })).toBe('b')
    expect(await found({ ssn: not('1') })).toBe('b')
    expect(await found({ ssn: oneOf(['1', '2', '9']) })).toBe('ab')
    expect(await found({ ssn: not(oneOf(['1'])) })).toBe('b')
    expect(await found({ ssn: oneOf([]) })).toBe('')
    expect(await found({ ssn: isNull() })).toBe('c')
    expect(await found((each) => each.ssn.eq('2').or(each.ssn.isNull()))).toBe('bc')
    expect(await found((each) => each.ssn.in(['2']))).toBe('b')
    const patient = await Patient.firstOrError({ ssn: '1' })
    await patient.update({ ssn: '3' })
    expect([await found({ ssn: '1' }), await found({ ssn: '3' })]).toEqual(['', 'a'])
    patient.ssn = '4'
    await patient.save()
    expect(await found({ ssn: '4' })).toBe('a')
    expect(await Patient.filter({ name: 'c' }).updateAll({ ssn: '5' })).toBe(1)
    expect(await found({ ssn: '5' })).toBe('c')
    expect(await Patient.filter({ name: 'c' }).updateAll({ ssn: null })).toBe(1)
    expect([await found({ ssn: '5' }), await found({ ssn: isNull() })]).toEqual(['', 'c'])
    await Patient.upsertMany([{ id: patient.id, name: 'a', ssn: '6' } as never], { on: ['id'], unguarded: true })
    expect([await found({ ssn: '6' }), await found({ ssn: '4' })]).toEqual(['a', ''])
    expect((await Patient.firstOrCreate({ ssn: '7' }, { name: 'd' })).wasCreated).toBe(true)
    expect((await Patient.firstOrCreate({ ssn: '7' }, { name: 'd' })).wasCreated).toBe(false)
    const repository = db.dataSource.getRepository(Patient)
    await repository.save(repository.create({ name: 'r', ssn: '8' }))
    expect(await found({ ssn: '8' })).toBe('r')
    await repository.update({ name: 'r' }, { ssn: '9' })
    expect([await found({ ssn: '8' }), await found({ ssn: '9' })]).toEqual(['', 'r'])
  })

  row('TypeORM finds equal values by the blind index too, wherever it takes conditions, and compares nothing else', async ({ db }) => {
    const Patient = await patients(db)
    await Patient.createMany([{ name: 'a', ssn: '1', email: 'A@example.org' }, { name: 'b', ssn: '2' }, { name: 'c' }])
    const repository = db.dataSource.getRepository(Patient)
    const names = async (where: object): Promise<string[]> =>
      (await repository.find({ where, order: { id: 'ASC' } })).map(({ name }) => name)
    expect([await names({ ssn: '1' }), await names({ ssn: Equal('2') }), await names({ ssn: 'no' })]).toEqual([['a'], ['b'], []])
    expect([await names({ ssn: In(['1', '2']) }), await names({ ssn: Not('1') }), await names({ ssn: Not(In(['1'])) })]).toEqual([
      ['a', 'b'],
      ['b'],
      ['b'],
    ])
    expect([await names({ ssn: IsNull() }), await names({ ssn: Not(IsNull()) }), await names([{ ssn: '1' }, { name: 'c' }])]).toEqual([
      ['c'],
      ['a', 'b'],
      ['a', 'c'],
    ])
    expect(await names({ email: 'a@EXAMPLE.org' })).toEqual(['a'])
    expect((await repository.createQueryBuilder('p').where({ ssn: '2' }).getMany()).map(({ name }) => name)).toEqual(['b'])
    await repository.update({ ssn: '2' }, { name: 'changed' })
    expect(await names({ ssn: '2' })).toEqual(['changed'])
    for (const where of [{ notes: { seen: [] } }, { born: '1815-12-10' }, { ssn: MoreThan('1') }, { ssn: Like('1%') }, { ssn: 5 }]) {
      expect(await reason(() => repository.find({ where: where as never }))).toEqual(refused('INVALID_FILTER', 400))
    }
    await repository.softDelete({ ssn: '2' })
    await repository.delete({ ssn: '1' })
    expect(await names({})).toEqual(['c'])
  })

  row('unique is of the values, by their index: 409', async ({ db }) => {
    const Patient = await patients(db)
    await Patient.create({ name: 'a', ssn: '1' })
    expect(await reason(() => Patient.create({ name: 'b', ssn: '1' }))).toEqual(refused('UNIQUE', 409))
    await Patient.create({ name: 'b', ssn: '2' })
    await Patient.create({ name: 'c' })
    await Patient.create({ name: 'd' })
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  row('what is encrypted is never compared otherwise, sorted by or reckoned with: 400', async ({ db }) => {
    const Patient = await patients(db)
    await Patient.create({ name: 'a', ssn: '1', notes: { seen: [] }, born: '1815-12-10' })
    type Loose = Record<string, never>
    const asked: Record<string, () => unknown> = {
      'without an index': () => Patient.filter({ born: '1815-12-10' }).all(),
      'without an index, a list': () => Patient.filter({ born: oneOf(['1815-12-10']) }).all(),
      greater: () => Patient.filter({ ssn: gt('1') }).all(),
      beginning: () => Patient.filter({ ssn: startsWith('1') }).all(),
      between: () => Patient.filter((each) => each.ssn.between('1', '2')).all(),
      'another column': () => Patient.filter((each) => each.ssn.eq(each.name)).all(),
      'the other side': () => Patient.filter((each) => each.name.eq(each.ssn as never)).all(),
      'a wrong kind': () => Patient.filter({ ssn: 5 } as unknown as Loose).all(),
      'an order': () => Patient.query().orderBy('ssn').all(),
      'an order by function': () =>
        Patient.query()
          .orderBy((each) => each.ssn)
          .all(),
      groups: () =>
        Patient.query((each) => ({ n: each.id.count() }))
          .groupBy((each) => each.ssn)
          .all(),
      'a smallest': () => Patient.query((each) => ({ least: each.ssn.min() })).first(),
      'its index': () => Patient.query('ssnIndex' as never).all(),
    }
    for (const [name, call] of Object.entries(asked)) expect([name, await reason(call)]).toEqual([name, refused('INVALID_FILTER', 400)])
    expect(await reason(() => Patient.create({ name: 'b', ssnIndex: 'x' } as never))).toEqual(refused('PROTECTED_COLUMN', 422))
    const moved = () => Patient.filter({ name: 'a' }).updateAll({ ssn: (each) => each.name })
    expect(await reason(moved)).toEqual(refused('INVALID_VALUE', 422))
    for (const ssn of [5, ['pLanted'], { a: 'pLanted' }, 'pLanted'.repeat(9)]) {
      const error = await reason(() => Patient.create({ name: 'x', ssn: ssn as never }))
      expect(error).toEqual(expect.objectContaining({ code: 'INVALID_VALUE', status: 422, column: 'ssn' }))
      expect(inspect(error)).not.toContain('pLanted')
    }
  })

  row('keys rotate: all are read, the first writes, and values are found under each', async ({ db, raw }) => {
    const model = (own: ActiveAlchemy, keys: string | string[] | (() => string[]), name = 'Card') => {
      return class extends own.Model(
        name,
        { pan: own.Column(own.EncryptedType(own.String(20), { key: keys, blindIndex: 'panIndex' }), { nullable: true }) },
        { tableName: 'card' },
      ) {}
    }
    const Before = model(db, 'old')
    await db.createAll()
    await Before.createMany([{ pan: '1' }, { pan: '2' }])
    let keys = ['new', 'old']
    const Card = model(db, () => keys, 'Later')
    await Card.create({ pan: '1' })
    expect((await Card.query().orderBy('id').all()).map(({ pan }) => pan)).toEqual(['1', '2', '1'])
    expect(await Card.filter({ pan: '1' }).count()).toBe(2)
    expect(await Card.filter({ pan: not('1') }).count()).toBe(1)
    for await (const card of Card.query()) await card.update({ pan: card.pan })
    keys = ['new']
    expect((await Card.query().orderBy('id').all()).map(({ pan }) => pan)).toEqual(['1', '2', '1'])
    expect(await Card.filter({ pan: '1' }).count()).toBe(2)
    const indexes = await raw<{ pan_index: string }>('select pan_index from card order by id')
    expect(indexes[0]).toEqual(indexes[2])
    expect(await reason(() => Before.get(1))).toMatchObject({ code: 'DECRYPTION_FAILED' })
  })

  row('a wrong key is an error that names no key, and no value', async ({ db }) => {
    const Patient = await patients(db)
    await Patient.create({ name: 'a', ssn: '123-45-6789', notes: { seen: ['x'] } })
    class Wrong extends db.Model(
      'Wrong',
      { ssn: db.Column(db.EncryptedType(db.Text, { key: ['wrong-kEy-1', 'wrong-kEy-2'] }), { nullable: true }) },
      { tableName: 'patient' },
    ) {}
    for (const call of [() => Wrong.get(1), () => Wrong.query().all(), () => db.dataSource.getRepository(Wrong).find()]) {
      const error = await reason(call)
      expect(error).toMatchObject({ code: 'DECRYPTION_FAILED' })
      expect([inspect(error), JSON.stringify(error), String(error)].join()).not.toMatch(/kEy|123-45/)
    }
    expect(await Wrong.query('id').all()).toEqual([{ id: 1 }])
    for (const wrong of [undefined, '', 5, [], ['pLanted-kEy', 5], {}, { secret: 'pLanted-kEy' }]) {
      let thrown: unknown
      try {
        db.EncryptedType(db.Text, { key: wrong as never })
      } catch (error) {
        thrown = error
      }
      expect([wrong, thrown]).toEqual([wrong, expect.objectContaining({ code: 'INVALID_OPTION' })])
      expect(inspect(thrown)).not.toContain('pLanted')
    }
  })

  row(
    'what the original wrote is read, by each of its engines and paddings; without `legacy` only what has a seal',
    async ({ db, raw }) => {
      class Old extends db.Model('Old', {
        text: db.Column(db.StringEncryptedType(db.Text, { key: ['new', 'the old key'] }), { nullable: true }),
      }) {}
      class Sealed extends db.Model(
        'Sealed',
        { text: db.Column(db.EncryptedType(db.Text, { key: 'the old key', legacy: false }), { nullable: true }) },
        { tableName: 'old' },
      ) {}
      await db.createAll()
      for (const [name, text] of Object.entries(written)) {
        const { id } = await Old.create({})
        await raw(`update old set text = '${text}' where id = ${id}`)
        expect([name, (await Old.getOrError(id)).text]).toEqual([name, 'größe 12345'])
        const sealed = await reason(async () => (await Sealed.getOrError(id)).text)
        expect([name, sealed]).toEqual([
          name,
          name === 'gcm' ? ['no error', 'größe 12345'] : expect.objectContaining({ code: 'DECRYPTION_FAILED' }),
        ])
      }
      await raw(`update old set text = '${written.gcm.replace('C', 'D')}' where id = 1`)
      expect(await reason(() => Old.get(1))).toMatchObject({ code: 'DECRYPTION_FAILED' })
    },
  )

  row('any text comes back, and no other key reads it', async ({ db }) => {
    const text = string({ unit: 'grapheme', maxLength: 60 }).filter((each) => !each.includes('\0'))
    const right = db.EncryptedType(db.Text, { key: 'right' }).storage('sqlite').transformer
    const wrong = db.EncryptedType(db.Text, { key: ['wrong', 'other'] }).storage('sqlite').transformer
    if (!right || !wrong || Array.isArray(right) || Array.isArray(wrong)) throw new Error('It has one transformer')
    assert(
      property(text, (each) => {
        const stored: unknown = right.to(each)
        expect(right.from(stored)).toBe(each)
        expect(() => wrong.from(stored) as unknown).toThrow(expect.objectContaining({ code: 'DECRYPTION_FAILED' }) as Error)
      }),
      { numRuns: 300 },
    )
    class Note extends db.Model('SealedNote', { text: db.Column(db.EncryptedType(db.Text, { key: 'right', blindIndex: 'textIndex' })) }) {}
    await db.createAll()
    await assert(
      asyncProperty(text, async (each) => {
        const { id } = await Note.create({ text: each })
        expect((await Note.getOrError(id)).text).toBe(each)
        expect(await Note.filter({ text: each, id }).count()).toBe(1)
      }),
      { numRuns: 20 },
    )
  })

  row('nothing shows it, unless the column says so', async ({ db }) => {
    const Patient = await patients(db)
    const values = { ssn: 'pLanted-1', email: 'planted@x.org', notes: { seen: ['pLanted-3'] }, born: '1815-12-10' }
    const made = await Patient.create({ name: 'ada', ...values })
    for (const patient of [made, new Patient({ name: 'eve', ...values }), await Patient.getOrError(made.id)]) {
      for (const face of [patient, patient.toDict(), patient.toJSON(), patient.changes]) {
        expect([String(face), inspect(face, { depth: 9, showHidden: false }), JSON.stringify(face)].join()).not.toMatch(/planted|1815/i)
      }
    }
    expect(inspect([db.metadata[0], db.dataSource.options, Patient], { depth: 12, showHidden: true })).not.toContain(key)
    class Shown extends db.Model('Shown', { text: db.Column(db.EncryptedType(db.Text, { key }), { hidden: false }) }) {}
    await db.createAll()
    expect((await Shown.create({ text: 'seen' })).toJSON()).toMatchObject({ text: 'seen' })
    expect(await Shown.query('text').all()).toEqual([{ text: 'seen' }])
  })

  row('of two who change one value the second is told, where the model watches what changed', async ({ db }) => {
    class Watched extends db.Model(
      'Watched',
      { ssn: db.Column(db.EncryptedType(db.Text, { key })), notes: db.Column(db.EncryptedType(db.JSONType<string[]>(), { key })) },
      { optimisticLock: 'changed' },
    ) {}
    await db.createAll()
    const { id } = await Watched.create({ ssn: 'a', notes: ['x'] })
    const [one, two] = [await Watched.getOrError(id), await Watched.getOrError(id)]
    await one.update({ ssn: 'b' })
    one.notes.push('y')
    await one.save()
    expect(await reason(() => two.update({ ssn: 'c' }))).toEqual(refused('STALE_RECORD', 409))
  })
}
