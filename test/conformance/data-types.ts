import { ActiveAlchemy, type ColumnType, DateTime, type Weekday } from '@active-alchemy/core'
import { checkColumnType, type TypeCheck } from '@active-alchemy/core/testing'
import * as fc from 'fast-check'
import { Entity, type ObjectLiteral, PrimaryGeneratedColumn } from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, rowIn } from './store.ts'

/** Texts by code points: the order of codes on every database. */
const byText = (a: string, b: string): number => (a < b ? -1 : 1)

/** What a type is tried with, beside values that are made at random. */
interface Trial extends Omit<TypeCheck<unknown, unknown>, 'db'> {
  readonly type: ColumnType<unknown>
  /** Values at random, which sort as texts. */
  readonly random?: fc.Arbitrary<unknown>
}

function trial<T, Also>(type: ColumnType<T, Also>, rest: Omit<Trial, 'type'>): Trial {
  return { type, ...rest }
}

const digits = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[01]{${length}}$`))
const hex = fc.stringMatching(/^#[\da-f]{6}$/)
const shown = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)
const noText = [5, true, {}, [], '']

/** The types that hold simple values, each with what it takes and refuses. */
function trials(db: ActiveAlchemy): Readonly<Record<string, Trial>> {
  return {
    'ChoiceType of codes': trial(db.ChoiceType(["it's", 'a"b', 'c\\d', 'open', 'é']), {
      samples: ['a"b', 'c\\d', "it's", 'open', 'é'],
      refused: [...noText, 'OPEN', 'open ', 'constructor'],
    }),
    ColorType: trial(db.ColorType(), {
      samples: ['#000000', '#ff8800', '#ff8801', '#ffffff'],
      forms: [
        ['#FFF', '#ffffff'],
        ['White', '#ffffff'],
        ['#F80', '#ff8800'],
        ['#FF8801', '#ff8801'],
      ],
      refused: [...noText, '#12', '#12345', '#gggggg', 'nocolor', 'constructor', 'rgb(1,2,3)', '#ffff'],
      random: hex,
    }),
    CountryType: trial(db.CountryType(), {
      samples: ['AD', 'DE', 'US', 'ZW'],
      forms: [['de', 'DE']],
      refused: [...noText, 'XX', 'EU', 'UK', 'DEU', 'D', 'İS'],
    }),
    CurrencyType: trial(db.CurrencyType(), {
      samples: ['AED', 'EUR', 'JPY', 'XXX'],
      forms: [['eur', 'EUR']],
      refused: [...noText, 'EU', 'EURO', 'AAA', 'DEM'],
    }),
    LocaleType: trial(db.LocaleType(), {
      samples: ['de', 'de-AT', 'de-DE', 'en-US', 'zh-Hant-TW'],
      forms: [
        ['de_DE', 'de-DE'],
        ['DE-de', 'de-DE'],
        ['zh_hant_tw', 'zh-Hant-TW'],
      ],
      refused: [...noText, 'x', 'de-', '-de', 'de DE', 'a'.repeat(200)],
    }),
    TimezoneType: trial(db.TimezoneType(), {
      samples: ['America/New_York', 'Asia/Kolkata', 'Europe/Berlin', 'UTC'],
      forms: [
        ['utc', 'UTC'],
        ['europe/berlin', 'Europe/Berlin'],
      ],
      refused: [...noText, 'Europe/Nowhere', '+01:00', 'local', 'system', 'asia/kolkata', 'Europe/Berlin '],
    }),
    URLType: trial(db.URLType(), {
      samples: [
        'ftp://example.com/a',
        'http://example.com/',
        'https://example.com/a?b=c#d',
        'https://xn--bcher-kva.example/%C3%A4',
        'mailto:ada@example.com',
      ],
      forms: [
        ['HTTP://Example.COM', 'http://example.com/'],
        ['http://example.com:80/', 'http://example.com/'],
        ['https://bücher.example/ä', 'https://xn--bcher-kva.example/%C3%A4'],
      ],
      refused: [
        ...noText,
        'www.example.com',
        '/about',
        'javascript:alert(1)',
        'java\nscript:alert(1)',
        ' JavaScript:alert(1)',
        'data:text/html,x',
        'http://',
        `http://x/${'a'.repeat(2_048)}`,
        `http://x/${'ä'.repeat(1_000)}`,
      ],
      random: fc.webUrl({ withFragments: true, withQueryParameters: true }).map((url) => new URL(url).href),
    }),
    'URLType of paths': trial(db.URLType({ relative: true }), {
      samples: ['../up', '/about?x=1#y', '?page=2', 'https://example.com/', 'www.example.com/%C3%A4'].sort(byText),
      forms: [
        [' /about?x=1#y ', '/about?x=1#y'],
        ['www.example.com/ä', 'www.example.com/%C3%A4'],
      ],
      refused: [
        5,
        '',
        ' ',
        '//elsewhere.example/',
        '/\\elsewhere.example',
        '\\\\elsewhere',
        'javascript:alert(1)',
        'java\tscript:x',
        'http://',
      ],
    }),
    UUIDType: trial(db.UUIDType(), {
      samples: ['00000000-0000-0000-0000-000000000000', '6f9619ff-8b86-d011-b42d-00cf4fc964ff', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
      forms: [['6F9619FF8B86D011B42D00CF4FC964FF', '6f9619ff-8b86-d011-b42d-00cf4fc964ff']],
      refused: [...noText, '6f9619ff-8b86-d011-b42d-00cf4fc964f', '{6f9619ff-8b86-d011-b42d-00cf4fc964ff}'],
      random: fc.uuid(),
    }),
    'UUIDType of bytes': trial(db.UUIDType({ storage: 'binary', version: 7 }), {
      samples: ['00000000-0000-0000-0000-000000000000', '6f9619ff-8b86-d011-b42d-00cf4fc964ff'],
      random: fc.uuid(),
    }),
    'UUIDType of 32 characters': trial(db.UUIDType({ storage: 'char32', version: 4 }), {
      samples: ['00000000-0000-0000-0000-000000000000', '6f9619ff-8b86-d011-b42d-00cf4fc964ff'],
      random: fc.uuid(),
    }),
    WeekDaysType: trial(db.WeekDaysType(), {
      samples: [[], [7], [6], [1], [1, 7], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7]],
      refused: [5, '1110000', [0], [8], ['1'], [1.5], [null], {}, { 0: 1 }],
    }),
    BitType: trial(db.BitType(4), {
      samples: ['0000', '0001', '1000', '1111'],
      refused: [...noText, '000', '00000', '0002', 1111],
      random: digits(4),
    }),
    'BitType of many bits': trial(db.BitType(255), { samples: ['0'.repeat(255), '1'.repeat(255)], random: digits(255) }),
    IPAddressType: trial(db.IPAddressType(), {
      samples: ['10.0.0.1', '192.168.0.1', '2001:db8::1', '9.9.9.9', '::', '::ffff:1.2.3.4', 'fe80::1'],
      forms: [
        ['2001:DB8:0:0::1', '2001:db8::1'],
        ['0:0:0:0:0:0:0:0', '::'],
        ['::FFFF:102:304', '::ffff:1.2.3.4'],
      ],
      refused: [...noText, '256.1.1.1', '1.2.3', '01.2.3.4', '1.2.3.4/8', 'fe80::1%eth0', ':::'],
      random: fc.ipV4(),
    }),
    PhoneNumberType: trial(db.PhoneNumberType(), {
      samples: ['+12025550123', '+12025550123;ext=12', '+442079460018', '+4930123456'],
      forms: [
        ['+1 (202) 555-0123', '+12025550123'],
        ['+1 202 555 0123 ext. 12', '+12025550123;ext=12'],
        ['tel:+49-30-123456', '+4930123456'],
      ],
      refused: [...noText, '030 123456', '+1', 'call me', '+1999', `+1${'2'.repeat(100)}`],
    }),
    'PhoneNumberType of a region': trial(db.PhoneNumberType('DE'), {
      samples: ['+12025550123', '+4930123456'],
      forms: [['030 12 34 56', '+4930123456']],
      refused: ['0', 'abc'],
    }),
    ScalarListType: trial(db.ScalarListType(), {
      samples: [[], ['', ''], ['a'], ['a', 'b'], ['b']],
      refused: ['a,b', [1], ['a,b'], [['a']], [null], [''], ['\0'], {}],
      random: fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { maxLength: 5 }),
    }),
    'ScalarListType of numbers': trial(db.ScalarListType(db.Integer, ';'), {
      samples: [[], [-1, 5], [10], [1, 2, 3]],
      refused: [['1'], [1.5], '1;2'],
    }),
    'ScalarListType of large numbers': trial(db.ScalarListType(db.BigInteger), {
      samples: [[9_007_199_254_740_993n], [9_007_199_254_740_993n, 2n]],
      isSorted: false,
    }),
    CompositeType: trial(db.CompositeType('money', { currency: db.CurrencyType(), amount: db.Numeric(12, 2) }), {
      samples: [
        { currency: 'EUR', amount: '1.50' },
        { currency: 'EUR', amount: '-7.00' },
        { currency: 'USD', amount: '1.50' },
      ],
      isSorted: false,
      refused: [
        ...noText,
        [['EUR', '1']],
        { currency: 'EUR' },
        { currency: 'EUR', amount: 'x' },
        { currency: 'EUR', amount: '1', rate: 1 },
      ],
    }),
    EmailType: trial(db.EmailType(), {
      samples: ['ada@example.org', 'b.c+d@example.org', 'eve@sub.example.org'],
      forms: [['ADA@Example.org', 'ada@example.org']],
      refused: [...noText, 'ada', 'ada@', '@example.org', 'a b@example.org', `${'a'.repeat(250)}@example.org`],
    }),
    JSONType: trial(db.JSONType, {
      samples: [{ a: [1, null, { b: 'é' }] }, [], [1, 'x', true], 'text', '5', 5, 0.1, false],
      isSorted: false,
      refused: [5n, Number.NaN, () => 1, new Map()],
    }),
    LtreeType: trial(db.LtreeType(), {
      samples: ['Top', 'Top.Arts', 'Top.Science', 'Top.Science.Astronomy', 'a'],
      refused: [...noText, 'Top.', '.Top', 'Top..Arts', 'a b', 'ä'],
    }),
    IntRangeType: trial(db.IntRangeType, {
      samples: ['empty', '(,5)', '[-3,7)', '[1,5)', '[1,6)', '[1,)', '[2,3)'],
      forms: [
        ['[1,4]', '[1,5)'],
        ['(0,5)', '[1,5)'],
        [[1, 5], '[1,5)'],
      ],
      refused: [5, '', 'x', '[1,', [5, 1], [1], ['a', 'b'], [0.5, 2], {}],
    }),
    Int8RangeType: trial(db.Int8RangeType, {
      samples: ['[-9007199254740993,1)', '[1,9007199254740993)', '[1,9007199254740994)'],
      forms: [
        ['[1,9007199254740992]', '[1,9007199254740993)'],
        [[1n, 9_007_199_254_740_993n], '[1,9007199254740993)'],
      ],
      refused: [5n, 'x', [2n, 1n], [0.5, 2]],
    }),
    NumericRangeType: trial(db.NumericRangeType, {
      samples: ['[-1.5,2)', '[1,2)', '[1,2]', '(1,2)', '[10,20)'],
      forms: [[['1', '2'], '[1,2)']],
      refused: [5, 'x', ['2', '1'], ['a', 'b']],
    }),
    DateRangeType: trial(db.DateRangeType, {
      samples: ['[2026-01-01,2026-01-08)', '[2026-01-01,)', '[2026-01-02,2026-01-03)'],
      forms: [
        ['[2026-01-01,2026-01-07]', '[2026-01-01,2026-01-08)'],
        [['2026-01-01', '2026-01-08'], '[2026-01-01,2026-01-08)'],
      ],
      refused: [5, 'x', ['2026-01-08', '2026-01-01'], ['2026-02-30', null]],
    }),
    DateTimeRangeType: trial(db.DateTimeRangeType, {
      samples: ['[2026-01-01T10:00:00Z,2026-01-01T12:00:00Z)', '[2026-01-01T10:00:00Z,)', '[2026-01-01T11:00:00Z,2026-01-01T12:00:00Z)'],
      forms: [['[2026-01-01T11:00:00+01:00,2026-01-01T12:00:00Z)', '[2026-01-01T10:00:00Z,2026-01-01T12:00:00Z)']],
      refused: [5, 'x', '[2026-01-02T00:00:00Z,2026-01-01T00:00:00Z)'],
    }),
    EncryptedType: trial(db.EncryptedType(db.String(20), { key: 'a key' }), {
      samples: ['', 'a', 'ünter', 'x'.repeat(20)],
      refused: [5, 'x'.repeat(21), {}, []],
    }),
    ArrowType: trial(db.ArrowType, {
      samples: ['0001-01-01T00:00:00Z', '2026-01-31T12:00:00.5Z', '9999-12-31T23:59:59.999Z'],
      forms: [
        ['2026-01-31T13:00:00.5+01:00', '2026-01-31T12:00:00.5Z'],
        [DateTime.fromISO('2026-01-31T12:00:00.5Z'), '2026-01-31T12:00:00.5Z'],
      ],
      refused: [5, '', 'yesterday', '0000-01-01T00:00:00Z', {}],
      random: fc
        .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
        .map((date) => date.toISOString()),
    }),
    EnrichedDateType: trial(db.EnrichedDateType, {
      samples: ['0001-01-01', '2026-01-31', '9999-12-31'],
      refused: [5, '', '2026-02-30', '0000-01-01', {}],
    }),
  }
}

/** Data types: each keeps what models promise of their columns, with values that were chosen and with some at random. */
export function dataTypeRows(database: TestDatabase): void {
  it.each(Object.keys(trials(new ActiveAlchemy())))('%s', (name) => {
    return inStore(database, async ({ db }) => {
      const found = trials(db)[name]
      if (!found) throw new Error(name)
      const { type, random, ...check } = found
      await checkColumnType(type, { ...check, db })
      if (!random) return
      const seed = Date.now()
      const kept = new Map(fc.sample(random, { numRuns: 12, seed }).map((value) => [String(type.accept(value)), value]))
      const samples = [...kept].sort(([a], [b]) => byText(a, b)).map(([, value]) => value)
      await checkColumnType(type, { samples, db }).catch((error: unknown) => {
        throw new Error(`The seed is ${seed}`, { cause: error })
      })
    })
  })

  const row = rowIn(database)

  row('numbers with a fraction come back to their last digit, by every door', async ({ db }) => {
    class Value extends db.BaseModel('Value', { id: db.Column(db.Integer, { primary: true }), real: db.Column(db.Float) }) {}
    await db.createAll()
    const seed = Date.now()
    const any = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }).map((real) => (real === 0 ? 0 : real))
    const short = fc.double({ noNaN: true, min: 0, max: 1_000 }).map((real) => (real === 0 ? 0 : real))
    // Of as many digits as a client may take for few.
    const hard = [978.2953049860739, 930.9881587327429, 9.653715471537033, 0.30000000000000004, -12345678901234568, 5e-300]
    const reals = [...hard, ...fc.sample(any, { numRuns: 100, seed }), ...fc.sample(short, { numRuns: 100, seed })]
    await Value.createMany(reals.map((real, id) => ({ id, real })))

    const of = (rows: readonly { real: number }[]): number[] => rows.map(({ real }) => real)
    const doors: Readonly<Record<string, () => PromiseLike<readonly number[]>>> = {
      all: () => Value.query().orderBy('id').all().then(of),
      select: () => Value.query('real').orderBy('id').all().then(of),
      sql: () => db.sql<{ real: number }>`select v.real from ${Value} v order by v.id`.then(of),
      repository: () =>
        db.dataSource
          .getRepository(Value)
          .find({ order: { id: 'ASC' } })
          .then(of),
    }
    for (const [door, read] of Object.entries(doors)) expect([door, seed, await read()]).toEqual([door, seed, reals])
    // And so a record is found by what was read of it.
    const read = await Value.query().orderBy('id').limit(hard.length).all()
    for (const { id, real } of read) expect(await Value.filter({ real }).all()).toMatchObject([{ id }])
  })

  row('each stands on an entity of plain TypeORM by decorator, with a default too', async ({ another }) => {
    class Plain {
      declare id: number
    }
    const db = another({ models: [Plain] })
    Entity()(Plain)
    PrimaryGeneratedColumn()(Plain.prototype, 'id')
    const values: Record<string, unknown> = {}
    const kept: Record<string, unknown> = {}
    const uncompared = new Set<string>()
    for (const [index, { type, samples }] of Object.values(trials(db)).entries()) {
      const property = `value${index}`
      db.Column(type, { nullable: true })(Plain.prototype as never, property as never)
      const sample = samples.at(-1)
      if (type.opaque || type.kind === 'json') uncompared.add(String(index))
      values[property] = type.accept(sample)
      kept[property] = type.accept(sample)
      // The default of a secret would stand in the table.
      if (type.kind === 'secret') continue
      const other = `default${index}`
      db.Column(type, { default: samples[0] })(Plain.prototype as never, other as never)
      kept[other] = type.accept(samples[0])
    }
    await db.createAll()
    const repository = db.dataSource.getRepository<ObjectLiteral>(Plain)
    await db.of(Plain).create(values)
    const [found = new Plain()] = await repository.find()
    expect(JSON.stringify(found, shown)).toBe(JSON.stringify({ id: 1, ...kept }, shown))
    await repository.save(Object.assign(new Plain(), found, { id: 2 }))
    const compared = Object.entries(kept).filter(([property]) => !uncompared.has(property.replace(/^\D+/, '')))
    expect(await db.of(Plain).count(Object.fromEntries(compared))).toBe(2)
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  row('a list that was changed in place is saved, and an own default stays as it is', async ({ db }) => {
    class Shop extends db.Model('Shop', {
      open: db.Column(db.WeekDaysType(), { default: [1, 2] }),
      tags: db.Column(db.ScalarListType(), { default: [] }),
    }) {}
    await db.createAll()
    await db.run(async () => {
      const shop = await Shop.create({})
      shop.tags.push('new')
      shop.open.push(7)
      expect([shop.isDirty, shop.changes]).toEqual([true, { tags: ['new'], open: [1, 2, 7] }])
      await shop.save()
    })
    const shop = await Shop.firstOrError()
    expect(shop.toJSON()).toMatchObject({ open: [1, 2, 7], tags: ['new'] })
    shop.open.pop()
    await shop.save()
    expect((await Shop.firstOrError()).open).toEqual([1, 2])
    expect(await Shop.create({})).toMatchObject({ open: [1, 2], tags: [] })
    shop.tags.push('a,b')
    await expect(shop.save()).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      status: 422,
      column: 'tags',
      message: expect.stringMatching(/^Shop\.tags takes no items/) as string,
    })
  })

  row('a list or an object in a filter is a value only where the column holds such', async ({ db }) => {
    class Shop extends db.Model('Shop', { open: db.Column(db.WeekDaysType()), name: db.Column(db.String(9)) }) {}
    await db.createAll()
    await Shop.create({ open: [6, 7], name: 'weekend' })
    expect(await Shop.count({ open: [7, 6] })).toBe(1)
    for (const filter of [{ name: ['weekend'] }, { name: { ne: 'x' } }, { open: { 0: 6 } }, { open: null }, { open: '0000011' }]) {
      await expect((async () => Shop.count(filter as never))()).rejects.toMatchObject({ code: 'INVALID_FILTER', status: 400 })
    }
  })

  row('what the Python original wrote is read, found and written so that it reads it', async ({ db, raw }) => {
    const { kind } = db.dataSource.driver
    const bits = { sqlite: 'varchar(7)', postgres: 'bit(7)', mysql: 'binary(7)' }[kind]
    await raw(
      `create table original (id integer primary key, color varchar(20), country varchar(2), currency varchar(3), locale varchar(10), zone varchar(50), address varchar(50), phone varchar(20), days ${bits}, tags text, state varchar(255))`,
    )
    const theirs = "'#f80', 'DE', 'EUR', 'de_DE', 'Europe/Berlin', '2001:db8::1', '+12025550123;ext=1', '1100000', 'a,b', 'open'"
    await raw(`insert into original values (1, ${theirs})`)
    class Original extends db.BaseModel(
      'Original',
      {
        id: db.Column(db.Integer, { primary: true }),
        color: db.Column(db.ColorType()),
        country: db.Column(db.CountryType()),
        currency: db.Column(db.CurrencyType()),
        locale: db.Column(db.LocaleType()),
        zone: db.Column(db.TimezoneType()),
        address: db.Column(db.IPAddressType()),
        phone: db.Column(db.PhoneNumberType()),
        days: db.Column(db.WeekDaysType()),
        tags: db.Column(db.ScalarListType()),
        state: db.Column(db.ChoiceType(['open', 'shut'])),
      },
      { tableName: 'original' },
    ) {}
    const values = {
      color: '#ff8800',
      country: 'DE',
      currency: 'EUR',
      locale: 'de-DE',
      zone: 'Europe/Berlin',
      address: '2001:db8::1',
      phone: '+12025550123;ext=1',
      days: [1, 2] as Weekday[],
      tags: ['a', 'b'],
      state: 'open' as const,
    }
    const found = await Original.getOrError(1)
    expect(found.toDict()).toEqual({ id: 1, ...values })
    // The original keeps the shortest form of a colour, which sorts otherwise.
    const { color: _color, ...others } = values
    for (const [column, value] of Object.entries(others)) {
      expect([column, await Original.count({ [column]: value } as never)]).toEqual([column, 1])
    }
    await Original.create({ id: 2, ...values, locale: 'pt-BR' })
    const asText = kind === 'mysql' ? 'cast(days as char)' : kind === 'postgres' ? 'days::text' : 'days'
    expect(await raw(`select color, locale, ${asText} as days, tags, phone from original where id = 2`)).toEqual([
      { color: '#ff8800', locale: 'pt_BR', days: '1100000', tags: 'a,b', phone: '+12025550123;ext=1' },
    ])
  })

  row('a UUID of version 7 is made where none is given, and sorts as it was made', async ({ db }) => {
    class Device extends db.BaseModel('Device', { id: db.Column(db.UUIDType({ version: 7 }), { primary: true }) }) {}
    await db.createAll()
    const made = await Device.createMany(Array.from({ length: 50 }, () => ({})))
    const ids = made.map(({ id }) => id)
    expect(new Set(ids.map((id) => id[14]))).toEqual(new Set(['7']))
    expect([...ids].sort()).toEqual(ids)
    expect((await Device.query().orderBy('id').all()).map(({ id }) => id)).toEqual(ids)
    const moment = Number.parseInt((ids[0] ?? '').replace('-', '').slice(0, 12), 16)
    expect(Math.abs(moment - Date.now())).toBeLessThan(60_000)
    expect((await Device.get(ids[7] ?? ''))?.id).toBe(ids[7])
  })

  row('a choice has labels, holds its codes in the table, and takes the members of an enum', async ({ db, raw }) => {
    enum Role {
      Admin = 'admin',
      Guest = 'guest',
    }
    const state = db.ChoiceType(['open', ['paid', 'Paid in full']])
    expect(state.options()).toEqual([
      { value: 'open', label: 'open' },
      { value: 'paid', label: 'Paid in full' },
    ])
    expect([state.labelOf('paid'), db.Enum(Role).labelOf('admin')]).toEqual(['Paid in full', 'Admin'])
    class Bill extends db.BaseModel('Bill', {
      id: db.Column(db.Integer, { primary: true }),
      state: db.Column(state, { default: 'open' }),
      role: db.Column(db.Enum(Role), { nullable: true }),
    }) {}
    await db.createAll()
    expect((await Bill.create({ id: 1, role: Role.Guest })).toJSON()).toEqual({ id: 1, state: 'open', role: 'guest' })
    await expect(raw("insert into bill (id, state) values (2, 'lost')")).rejects.toMatchObject({ code: 'CHECK' })
    await raw('insert into bill (id) values (3)')
    expect(await Bill.count({ state: 'open' })).toBe(2)
    expect(() => db.ChoiceType([])).toThrow('one choice at least')
    for (const wrong of [['a', 'a'], [''], [5], ['a\0'], { a: 1 }, null, 'abc', [['a']]]) {
      expect(() => db.ChoiceType(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })

  row('the names of countries, currencies, languages, time zones and weekdays', async ({ db }) => {
    const { nameOf } = db.utils
    expect([nameOf('DE'), nameOf('DE', 'fr'), nameOf('EUR', 'de'), nameOf('USD')]).toEqual(['Germany', 'Allemagne', 'Euro', 'US Dollar'])
    expect([nameOf('pt-BR'), nameOf('de', 'de_AT'), nameOf('de', ['xx', 'fr'])]).toEqual(['Brazilian Portuguese', 'Deutsch', 'allemand'])
    expect([nameOf('Europe/Berlin'), nameOf(1, 'de'), nameOf(7)]).toEqual(['Central European Time', 'Montag', 'Sunday'])
    for (const wrong of ['', 'not a thing', 0, 8, null, {}]) {
      expect(() => nameOf(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    expect(() => nameOf('DE', 'no language')).toThrow('locale of nameOf()')
  })

  row('a definition that cannot be is refused', async ({ db }) => {
    const refused = expect.objectContaining({ code: 'INVALID_OPTION' }) as Error
    for (const define of [
      () => db.BitType(0),
      () => db.BitType(256),
      () => db.ScalarListType(undefined, ''),
      () => db.ScalarListType(db.JSONType),
      () => db.ScalarListType(db.WeekDaysType()),
      () => db.URLType({ relativ: true } as never),
      () => db.UUIDType({ version: 5 as never }),
      () => db.PhoneNumberType('XX'),
    ]) {
      expect(define).toThrow(refused)
    }
  })
}
