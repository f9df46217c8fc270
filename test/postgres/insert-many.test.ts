import { DateTime } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { postgres } from '../databases/postgres.ts'

describe('postgres: an insert of many', () => {
  it('has one text for any number of rows, and each record gets the key of its row', () =>
    inStore(postgres, async ({ User, sent }) => {
      const texts = new Set<string>()
      for (const count of [2, 3, 7, 200, 2_500]) {
        const users = Array.from({ length: count }, (_, index) => ({ name: `${count} ${index}`, points: index }))
        let made: InstanceType<typeof User>[] = []
        for (const text of await sent(async () => void (made = await User.createMany(users)))) texts.add(text)
        const kept = await User.query('id', 'name')
          .filter((user) => user.name.startsWith(`${count} `))
          .orderBy('id')
          .all()
        expect(kept).toEqual(made.map(({ id, name }) => ({ id, name })))
        expect(made.map(({ name }) => name)).toEqual(users.map(({ name }) => name))
      }
      expect([...texts]).toEqual([expect.stringMatching(/^INSERT INTO "user" \(.*\) SELECT .* FROM unnest\(\$1::[^)]*\[\]\)/)])
    }))

  it('keeps every value as one by one does, whatever stands in it', () =>
    inStore(postgres, async ({ db }) => {
      class Sample extends db.Model('Sample', {
        text: db.Column(db.Text, { nullable: true }),
        whole: db.Column(db.Integer, { nullable: true }),
        big: db.Column(db.BigInteger, { nullable: true }),
        exact: db.Column(db.Numeric(12, 3), { nullable: true }),
        real: db.Column(db.Float, { nullable: true }),
        flag: db.Column(db.Boolean, { nullable: true }),
        uuid: db.Column(db.UUID, { nullable: true }),
        day: db.Column(db.Date, { nullable: true }),
        time: db.Column(db.Time, { nullable: true }),
        at: db.Column(db.DateTime, { nullable: true }),
        json: db.Column(db.JSONType, { nullable: true }),
        bytes: db.Column(db.LargeBinary, { nullable: true }),
      }) {}
      await db.createAll()
      const rows = [
        {},
        {
          text: 'NULL',
          whole: -1,
          big: 9_007_199_254_740_993n,
          exact: '-0.125',
          real: -0.1,
          flag: false,
          json: [
            [1, 2],
            ['}', null],
          ],
        },
        { text: '{"a",\\ \'b\'}', whole: 0, big: -1n, exact: '99999999.999', real: 1e300, flag: true, json: { a: '"', b: [{}] } },
        { text: '', day: '2024-02-29', time: '23:59:59.999', uuid: '6f9619ff-8b86-d011-b42d-00cf4fc964ff', json: 'text' },
        { text: ' , ', at: DateTime.fromISO('1969-12-31T23:59:59.999Z'), bytes: Buffer.from([0, 34, 92, 123, 255]), json: 0 },
        { text: '\u{1f98a}\n\t"', bytes: Buffer.alloc(0), json: [] },
      ]
      const facts = (samples: readonly InstanceType<typeof Sample>[]): unknown[] =>
        samples.map((sample) => sample.toDict({ except: ['id', 'createdAt', 'updatedAt'] }))
      const alone: InstanceType<typeof Sample>[] = []
      for (const row of rows) alone.push(await Sample.create(row))
      const together = await Sample.createMany(rows)
      const ids = (samples: readonly InstanceType<typeof Sample>[]): number[] => samples.map(({ id }) => id)
      const read = async (keys: number[]): Promise<unknown[]> => facts((await Sample.getMany(keys)).filter((sample) => sample !== null))
      expect(await read(ids(together))).toEqual(await read(ids(alone)))
      expect(await read(ids(together))).toHaveLength(rows.length)
    }))

  it('refuses what does not fit a column, and cuts nothing', () =>
    inStore(postgres, async ({ User, db }) => {
      class Price extends db.BaseModel('Price', { amount: db.Column(db.Numeric(4, 2), { primary: true }) }) {}
      await db.createAll()
      const long = [{ name: 'a' }, { name: 'x'.repeat(26) }]
      await expect(db.dataSource.getRepository(User).insert(long)).rejects.toMatchObject({ status: 422 })
      await expect(User.createMany(long)).rejects.toMatchObject({ status: 422 })
      await expect(Price.createMany([{ amount: '1.00' }, { amount: '123.45' }])).rejects.toMatchObject({ status: 422 })
      expect([await User.count(), await Price.count()]).toEqual([0, 0])
    }))

  it('binds value by value where a column has no list of its kind', () =>
    inStore(postgres, async ({ db, sent }) => {
      class Tagged extends db.Model('Tagged', {
        bits: db.Column(db.BitType(3)),
        words: db.Column(db.ScalarListType(), { nullable: true }),
      }) {}
      await db.createAll()
      const [text] = await sent(() => Tagged.createMany([{ bits: '101' }, { bits: '011', words: ['a', 'b'] }]))
      expect(text).toMatch(/ VALUES \(/)
      expect((await Tagged.query().orderBy('id').all()).map(({ bits, words }) => [bits, words])).toEqual([
        ['101', null],
        ['011', ['a', 'b']],
      ])
    }))
})
