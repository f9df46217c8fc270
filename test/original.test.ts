import { createDecipheriv, createHash } from 'node:crypto'
import { ActiveAlchemy, type ColumnMap, containsValue, DateTime, descendantOf, gt, lt, match, not, oneOf } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import type { TestDatabase } from './databases/database.ts'
import { servers } from './matrix.ts'

/** What differs between databases; one that is missing has no such type with SQLAlchemy. */
type Each<T> = Readonly<Partial<Record<'sqlite' | 'postgres' | 'mariadb', T>>>

/** A column as the original makes it, with what it has written there, and what is written there by us. */
interface Fixture {
  /** Its name with SQLAlchemy or SQLAlchemy-Utils. */
  readonly type: string
  readonly column: (db: ActiveAlchemy) => ColumnMap[string]
  readonly ddl: string | Each<string>
  /** What Python has bound, as a literal. */
  readonly theirs: string | Each<string>
  /** That in JSON. */
  readonly value: unknown
  /** Filters that find it; by default the value itself. */
  readonly finds?: readonly unknown[]
  /** What is written by us, and that in JSON where it is another. */
  readonly next: unknown
  readonly shown?: unknown
  /** What stands in the table then: Python reads it as it reads its own. */
  readonly stored: string | Each<string>
  /** Whether it is stored as bytes, which are shown by their digits. */
  readonly isBinary?: true
}

const text = (value: string): Pick<Fixture, 'theirs' | 'value'> => ({ theirs: `'${value}'`, value })
const uuid = '6f9619ff-8b86-d011-b42d-00cf4fc964ff'
const otherUuid = '00112233-4455-6677-8899-aabbccddeeff'
const bare = (id: string): string => id.replaceAll('-', '')
const key = 'the old key'
const range = (native: string): Each<string> => ({ sqlite: 'VARCHAR(255)', postgres: native, mariadb: 'VARCHAR(255)' })
const rangeText = (native: string, written: string): Each<string> => ({ sqlite: written, postgres: native, mariadb: written })

/** The types of SQLAlchemy-Utils, in its order, and those of SQLAlchemy that applications use beside them. */
const fixtures: Readonly<Record<string, Fixture>> = {
  lastAccess: {
    type: 'ArrowType',
    column: (db) => db.Column(db.ArrowType),
    ddl: { sqlite: 'DATETIME', postgres: 'TIMESTAMP WITHOUT TIME ZONE', mariadb: 'DATETIME' },
    theirs: { sqlite: "'2026-07-01 10:00:00.123456'", postgres: "'2026-07-01 10:00:00.123456'", mariadb: "'2026-07-01 10:00:00'" },
    value: expect.stringMatching(/^2026-07-01T10:00:00\.(?:123|000)Z$/),
    finds: [gt('2026-07-01T09:59:59Z'), lt('2026-07-01T10:00:01Z')],
    next: '2026-08-02T13:12:13.000+02:00',
    shown: '2026-08-02T11:12:13.000Z',
    stored: { sqlite: '2026-08-02 11:12:13.000000', postgres: '2026-08-02 11:12:13', mariadb: '2026-08-02 11:12:13' },
  },
  seenAt: {
    type: 'EnrichedDateTimeType',
    column: (db) => db.Column(db.EnrichedDateTimeType),
    ddl: { sqlite: 'DATETIME', postgres: 'TIMESTAMP WITHOUT TIME ZONE', mariadb: 'DATETIME' },
    ...text('2026-07-01 10:00:00.000000'),
    value: '2026-07-01T10:00:00.000Z',
    next: '2026-08-02T11:12:13Z',
    shown: '2026-08-02T11:12:13.000Z',
    stored: { sqlite: '2026-08-02 11:12:13.000000', postgres: '2026-08-02 11:12:13', mariadb: '2026-08-02 11:12:13' },
  },
  born: {
    type: 'EnrichedDateType',
    column: (db) => db.Column(db.EnrichedDateType),
    ddl: 'DATE',
    ...text('1815-12-10'),
    next: '1852-11-27',
    stored: '1852-11-27',
  },
  state: {
    type: 'ChoiceType',
    column: (db) => db.Column(db.ChoiceType(['open', ['shut', 'Shut for good']])),
    ddl: 'VARCHAR(255)',
    ...text('open'),
    next: 'shut',
    stored: 'shut',
  },
  color: {
    type: 'ColorType',
    column: (db) => db.Column(db.ColorType()),
    ddl: 'VARCHAR(20)',
    ...text('#f80'),
    value: '#ff8800',
    // The shortest form, which is another text.
    finds: [],
    next: 'Tomato',
    shown: '#ff6347',
    stored: '#ff6347',
  },
  price: {
    type: 'CompositeType',
    column: (db) => db.Column(db.CompositeType('money_type', { currency: db.CurrencyType(), amount: db.Integer })),
    ddl: { postgres: 'money_type' },
    theirs: { postgres: "row('USD', 15)::money_type" },
    value: { currency: 'USD', amount: 15 },
    next: { currency: 'EUR', amount: 7 },
    stored: { postgres: '(EUR,7)' },
  },
  country: {
    type: 'CountryType',
    column: (db) => db.Column(db.CountryType()),
    ddl: 'VARCHAR(2)',
    ...text('FI'),
    next: 'de',
    shown: 'DE',
    stored: 'DE',
  },
  currency: {
    type: 'CurrencyType',
    column: (db) => db.Column(db.CurrencyType()),
    ddl: 'VARCHAR(3)',
    ...text('EUR'),
    next: 'USD',
    stored: 'USD',
  },
  email: {
    type: 'EmailType',
    column: (db) => db.Column(db.EmailType()),
    ddl: 'VARCHAR(255)',
    ...text('ada@example.org'),
    finds: ['ADA@example.org'],
    next: 'Bob@Example.org',
    shown: 'bob@example.org',
    stored: 'bob@example.org',
  },
  secret: {
    type: 'EncryptedType',
    column: (db) => db.Column(db.EncryptedType(db.String(40), { key })),
    ddl: { sqlite: 'BLOB', postgres: 'BYTEA', mariadb: 'BLOB' },
    theirs: {
      sqlite: "cast('egp3Pu9LKMNEeG0L3q8wCg==' as blob)",
      postgres: "convert_to('egp3Pu9LKMNEeG0L3q8wCg==', 'UTF8')",
      mariadb: "'egp3Pu9LKMNEeG0L3q8wCg=='",
    },
    value: 'größe 12345',
    finds: [],
    next: 'ein Wort',
    stored: expect.toSatisfy((hex: string) => opened(Buffer.from(hex, 'hex').toString()) === 'ein Wort') as string,
    isBinary: true,
  },
  token: {
    type: 'StringEncryptedType',
    column: (db) => db.Column(db.StringEncryptedType(db.String(40), { key })),
    ddl: 'VARCHAR(255)',
    theirs: "'AAECAwQFBgcICQoL0lhzYfMWJAffU5qAnwKWR+Egg9dfqrMPUJ4eH+c='",
    value: 'größe 12345',
    finds: [],
    next: 'ein Wort',
    stored: expect.toSatisfy((sealed: string) => opened(sealed) === 'ein Wort') as string,
  },
  meta: {
    type: 'JSONType',
    column: (db) => db.Column(db.JSONType),
    ddl: { sqlite: 'TEXT', postgres: 'JSON', mariadb: 'TEXT' },
    theirs: `'{"a": [1, null], "b": "é", "c": 5.0}'`,
    value: { a: [1, null], b: 'é', c: 5 },
    finds: [],
    next: { a: { b: [true, 'ü'] } },
    stored: '{"a":{"b":[true,"ü"]}}',
  },
  locale: {
    type: 'LocaleType',
    column: (db) => db.Column(db.LocaleType()),
    ddl: 'VARCHAR(10)',
    ...text('en_US'),
    value: 'en-US',
    next: 'pt-BR',
    stored: 'pt_BR',
  },
  path: {
    type: 'LtreeType',
    column: (db) => db.Column(db.LtreeType()),
    ddl: { postgres: 'LTREE' },
    theirs: { postgres: "'Top.Science'" },
    value: 'Top.Science',
    finds: ['Top.Science', descendantOf('Top')],
    next: 'Top.Arts',
    stored: { postgres: 'Top.Arts' },
  },
  address: {
    type: 'IPAddressType',
    column: (db) => db.Column(db.IPAddressType()),
    ddl: 'VARCHAR(50)',
    ...text('2001:db8::1'),
    next: '2001:DB8:0::2',
    shown: '2001:db8::2',
    stored: '2001:db8::2',
  },
  phone: {
    type: 'PhoneNumberType',
    column: (db) => db.Column(db.PhoneNumberType('US')),
    ddl: 'VARCHAR(20)',
    ...text('+12025550123'),
    finds: ['+12025550123', '(202) 555-0123'],
    next: '(202) 555-0124',
    shown: '+12025550124',
    stored: '+12025550124',
  },
  seats: {
    type: 'IntRangeType',
    column: (db) => db.Column(db.IntRangeType),
    ddl: range('INT4RANGE'),
    theirs: rangeText("'[1,5]'", "'[1, 5]'"),
    value: '[1,6)',
    finds: [],
    next: [2, 4],
    shown: '[2,4)',
    stored: { postgres: '[2,4)' },
  },
  large: {
    type: 'Int8RangeType',
    column: (db) => db.Column(db.Int8RangeType),
    ddl: range('INT8RANGE'),
    theirs: rangeText("'[1,9007199254740993]'", "'[1, 9007199254740993]'"),
    value: '[1,9007199254740994)',
    finds: [],
    next: [2n, 4n],
    shown: '[2,4)',
    stored: { postgres: '[2,4)' },
  },
  weights: {
    type: 'NumericRangeType',
    column: (db) => db.Column(db.NumericRangeType),
    ddl: range('NUMRANGE'),
    theirs: rangeText("'(1.5,2]'", "'(1.5, 2]'"),
    value: '(1.5,2]',
    finds: [],
    next: ['0.5', '0.7'],
    shown: '[0.5,0.7)',
    stored: { postgres: '[0.5,0.7)' },
  },
  days: {
    type: 'DateRangeType',
    column: (db) => db.Column(db.DateRangeType),
    ddl: range('DATERANGE'),
    theirs: rangeText("'[2026-01-01,2026-01-31]'", "'[2026-01-01, 2026-01-31]'"),
    value: '[2026-01-01,2026-02-01)',
    finds: [],
    next: ['2026-03-01', null],
    shown: '[2026-03-01,)',
    stored: { postgres: '[2026-03-01,)' },
  },
  times: {
    type: 'DateTimeRangeType',
    column: (db) => db.Column(db.DateTimeRangeType),
    ddl: range('TSRANGE'),
    theirs: rangeText("'[2026-01-01 10:00:00,)'", "'[2026-01-01 10:00:00,)'"),
    value: '[2026-01-01T10:00:00.000Z,)',
    finds: [],
    next: '[2026-01-01T10:00:00Z,2026-01-01T12:00:00Z)',
    shown: '[2026-01-01T10:00:00.000Z,2026-01-01T12:00:00.000Z)',
    stored: { postgres: '["2026-01-01 10:00:00","2026-01-01 12:00:00")' },
  },
  tags: {
    type: 'ScalarListType',
    column: (db) => db.Column(db.ScalarListType()),
    ddl: 'TEXT',
    ...text('a,b'),
    value: ['a', 'b'],
    next: ['c', 'd', 'e'],
    stored: 'c,d,e',
  },
  zone: {
    type: 'TimezoneType',
    column: (db) => db.Column(db.TimezoneType()),
    ddl: 'VARCHAR(50)',
    ...text('Europe/Helsinki'),
    next: 'Asia/Tokyo',
    stored: 'Asia/Tokyo',
  },
  site: {
    type: 'URLType',
    column: (db) => db.Column(db.URLType()),
    ddl: 'TEXT',
    ...text('https://example.org/a'),
    next: 'HTTPS://Example.org',
    shown: 'https://example.org/',
    stored: 'https://example.org/',
  },
  uid: {
    type: 'UUIDType',
    column: (db) => db.Column(db.UUIDType({ storage: 'binary' })),
    ddl: { sqlite: 'BINARY(16)', postgres: 'UUID', mariadb: 'BINARY(16)' },
    theirs: { sqlite: `X'${bare(uuid)}'`, postgres: `'${uuid}'`, mariadb: `X'${bare(uuid)}'` },
    value: uuid,
    next: otherUuid,
    stored: { sqlite: bare(otherUuid), postgres: otherUuid, mariadb: bare(otherUuid) },
    isBinary: true,
  },
  uidText: {
    type: 'UUIDType(binary=False)',
    column: (db) => db.Column(db.UUIDType({ storage: 'char32' })),
    ddl: { sqlite: 'CHAR(32)', postgres: 'UUID', mariadb: 'CHAR(32)' },
    theirs: { sqlite: `'${bare(uuid)}'`, postgres: `'${uuid}'`, mariadb: `'${bare(uuid)}'` },
    value: uuid,
    next: otherUuid,
    stored: { sqlite: bare(otherUuid), postgres: otherUuid, mariadb: bare(otherUuid) },
  },
  workdays: {
    type: 'WeekDaysType',
    column: (db) => db.Column(db.WeekDaysType()),
    ddl: { sqlite: 'VARCHAR(7)', postgres: 'BIT(7)', mariadb: 'BINARY(7)' },
    ...text('1110000'),
    value: [1, 2, 3],
    next: [6, 7],
    stored: '0000011',
  },
  rights: {
    type: 'BitType',
    column: (db) => db.Column(db.BitType(3)),
    ddl: { sqlite: 'VARCHAR(3)', postgres: 'BIT(3)', mariadb: 'BINARY(3)' },
    ...text('101'),
    next: '010',
    stored: '010',
  },
  active: {
    type: 'Boolean',
    column: (db) => db.Column(db.Boolean),
    ddl: { sqlite: 'BOOLEAN', postgres: 'BOOLEAN', mariadb: 'BOOL' },
    theirs: { sqlite: '1', postgres: 'true', mariadb: '1' },
    value: true,
    next: false,
    stored: { sqlite: '0', postgres: 'false', mariadb: '0' },
  },
  big: {
    type: 'BigInteger',
    column: (db) => db.Column(db.BigInteger),
    ddl: 'BIGINT',
    theirs: '9007199254740993',
    value: '9007199254740993',
    finds: [9_007_199_254_740_993n],
    next: 5n,
    shown: '5',
    stored: '5',
  },
  ratio: {
    type: 'Float',
    column: (db) => db.Column(db.Float),
    ddl: { sqlite: 'FLOAT', postgres: 'FLOAT', mariadb: 'DOUBLE' },
    theirs: '0.1',
    value: 0.1,
    next: 0.25,
    stored: '0.25',
  },
  amount: {
    type: 'Numeric',
    column: (db) => db.Column(db.Numeric(10, 2)),
    ddl: 'NUMERIC(10, 2)',
    theirs: '7.5',
    value: '7.50',
    next: '8.25',
    stored: '8.25',
  },
  bytes: {
    type: 'LargeBinary',
    column: (db) => db.Column(db.LargeBinary),
    ddl: { sqlite: 'BLOB', postgres: 'BYTEA', mariadb: 'BLOB' },
    theirs: { sqlite: "X'00ff'", postgres: String.raw`'\x00ff'`, mariadb: "X'00ff'" },
    value: 'AP8=',
    finds: [],
    next: Buffer.from([1, 254]),
    shown: 'Af4=',
    stored: '01fe',
    isBinary: true,
  },
  clock: {
    type: 'Time',
    column: (db) => db.Column(db.Time),
    ddl: { sqlite: 'TIME', postgres: 'TIME WITHOUT TIME ZONE', mariadb: 'TIME' },
    theirs: "'10:20:30.000000'",
    value: '10:20:30',
    next: '11:12:13',
    stored: { sqlite: '11:12:13.000000', postgres: '11:12:13', mariadb: '11:12:13' },
  },
  story: { type: 'UnicodeText', column: (db) => db.Column(db.Text), ddl: 'TEXT', ...text('naïve 🙂'), next: 'ünter', stored: 'ünter' },
}

/** What a reader with `AesGcmEngine` and the key finds. */
function opened(sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', createHash('sha256').update(key).digest(), bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString()
}

/** passlib's of `correct horsé`. */
const hash = '$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw$Y2/EVQKhnKKhACVY6z9QwMMxFHMYsblVBxqPjXrlYcE'

/** What the databases write otherwise. */
const dialects = {
  sqlite: {
    stamps: 'created_at DATETIME, updated_at DATETIME, is_deleted BOOLEAN, deleted_at DATETIME',
    id: 'INTEGER NOT NULL',
    password: 'BLOB',
    hash: `cast('${hash}' as blob)`,
    no: '0',
    text: (column: string) => `cast(${column} as text)`,
    hex: (column: string) => `lower(hex(${column}))`,
  },
  postgres: {
    stamps:
      'created_at TIMESTAMP WITHOUT TIME ZONE, updated_at TIMESTAMP WITHOUT TIME ZONE, is_deleted BOOLEAN, deleted_at TIMESTAMP WITHOUT TIME ZONE',
    id: 'SERIAL NOT NULL',
    password: 'BYTEA',
    hash: `convert_to('${hash}', 'UTF8')`,
    no: 'false',
    text: (column: string) => `${column}::text`,
    hex: (column: string) => `encode(${column}, 'hex')`,
  },
  mariadb: {
    stamps: 'created_at DATETIME, updated_at DATETIME, is_deleted BOOL, deleted_at DATETIME',
    id: 'INTEGER NOT NULL AUTO_INCREMENT',
    password: 'VARBINARY(1024)',
    hash: `'${hash}'`,
    no: '0',
    text: (column: string) => `cast(${column} as char)`,
    hex: (column: string) => `lower(hex(${column}))`,
  },
}

function of<T>(each: T | Each<T>, name: keyof typeof dialects): T | undefined {
  return typeof each === 'object' && each !== null && ('sqlite' in each || 'postgres' in each || 'mariadb' in each)
    ? each[name]
    : (each as T)
}

/** Runs `row` with a database that Python has made and filled, opened by models. */
async function inOriginal(
  database: TestDatabase,
  row: (world: {
    readonly db: ActiveAlchemy
    readonly here: readonly (readonly [string, Fixture])[]
    readonly raw: (sql: string) => Promise<Record<string, unknown>[]>
    readonly Account: ReturnType<typeof accounts>
    readonly Post: ReturnType<typeof posts>
    readonly name: keyof typeof dialects
  }) => Promise<void>,
): Promise<void> {
  const name = database.name as keyof typeof dialects
  const { stamps, id, password, hash: bytes, no } = dialects[name]
  const fresh = await database.create()
  const db = new ActiveAlchemy(fresh.uri)
  const here = Object.entries(fixtures).filter(([, { ddl }]) => of(ddl, name) !== undefined)
  const raw = (sql: string): Promise<Record<string, unknown>[]> => db.detach(() => db.dataSource.query(sql))
  try {
    if (name === 'postgres') {
      await raw('CREATE EXTENSION IF NOT EXISTS ltree')
      await raw('CREATE TYPE money_type AS (currency VARCHAR(3), amount INTEGER)')
    }
    const columns = here.map(([property, { ddl }]) => `${snake(property)} ${of(ddl, name)}`)
    const search = name === 'postgres' ? ', search TSVECTOR' : ''
    await raw(
      `CREATE TABLE account (id ${id}, ${stamps}, name VARCHAR(25), password ${password}, ${columns.join(', ')}${search}, PRIMARY KEY (id))`,
    )
    await raw('CREATE INDEX ix_account_is_deleted ON account (is_deleted)')
    if (name === 'postgres') {
      // As sqlalchemy-searchable keeps it.
      await raw(
        "CREATE TRIGGER account_search BEFORE INSERT OR UPDATE ON account FOR EACH ROW EXECUTE PROCEDURE tsvector_update_trigger(search, 'pg_catalog.english', name, story)",
      )
    }
    await raw(
      `CREATE TABLE post (id ${id}, ${stamps}, title VARCHAR(80), author_id INTEGER, PRIMARY KEY (id), FOREIGN KEY(author_id) REFERENCES account (id))`,
    )
    const stamp = "'2026-01-01 10:00:00.123456', '2026-01-01 10:00:00.123789'"
    const values = here.map(([, { theirs }]) => of(theirs, name))
    const names = ['name', 'password', ...here.map(([property]) => snake(property))]
    for (const [flag, who] of [
      [no, 'Ada'],
      ['NULL', 'no flag'],
    ]) {
      await raw(
        `INSERT INTO account (created_at, updated_at, is_deleted, deleted_at, ${names.join(', ')}) VALUES (${stamp}, ${flag}, NULL, '${who}', ${bytes}, ${values.join(', ')})`,
      )
    }
    await raw(
      `INSERT INTO post (created_at, updated_at, is_deleted, deleted_at, title, author_id) VALUES (${stamp}, ${no}, NULL, 'On engines', 1)`,
    )
    const Account = accounts(db, here, name === 'postgres')
    const Post = posts(db, Account)
    await row({ db, here, raw, Account, Post, name })
  } finally {
    await db.close()
    await fresh.drop()
  }
}

function accounts(db: ActiveAlchemy, here: readonly (readonly [string, Fixture])[], hasSearch: boolean) {
  const columns: ColumnMap = {
    name: db.Column(db.String(25)),
    password: db.Column(db.PasswordType({ cost: 10 })),
    ...Object.fromEntries(here.map(([property, { column }]) => [property, column(db)])),
    ...(hasSearch ? { search: db.Column(db.TSVectorType(['name', 'story'], { config: 'english' })) } : {}),
  }
  return class Account extends db.Model('Account', columns) {
    declare name: string
  }
}

function posts(db: ActiveAlchemy, Account: ReturnType<typeof accounts>) {
  return class Post extends db.Model('Post', { title: db.Column(db.String(80)) }) {
    static relations = this.relate({ author: db.ManyToOne(() => Account, { nullable: true }) })
    declare author?: InstanceType<typeof Account> | null
  }
}

/** A value as JSON has it; what is encrypted is in none. */
function shownBy(record: { toJSON(): object }, property: string): unknown {
  const json = record.toJSON()
  return Reflect.get(property in json ? json : record, property)
}

function snake(property: string): string {
  return property.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

for (const database of servers) {
  describe(`${database.name} › a database that the Python original made`, () => {
    it('has a type for every type of SQLAlchemy-Utils that there is on it', () => {
      const theirs = Object.values(fixtures).filter(({ ddl }) => of(ddl, database.name as keyof typeof dialects) !== undefined)
      const inSum = { sqlite: 26, postgres: 29, mariadb: 26 }[database.name] ?? 0
      const ofSqlalchemy = ['Boolean', 'BigInteger', 'Float', 'Numeric', 'LargeBinary', 'Time', 'UnicodeText', 'UUIDType(binary=False)']
      // And PasswordType, and TSVectorType on PostgreSQL.
      expect(theirs.filter(({ type }) => !ofSqlalchemy.includes(type)).length + 1 + (database.name === 'postgres' ? 1 : 0)).toBe(inSum)
    })

    it('opens unchanged: each column is read, and found by its value', () =>
      inOriginal(database, async ({ db, here, raw, Account, Post }) => {
        const before = await raw('select * from account')
        await db.createAll()
        const ada = await Account.getOrError(1)
        expect(ada.toJSON()).toMatchObject({
          id: 1,
          name: 'Ada',
          createdAt: expect.stringMatching(/^2026-01-01T10:00:00\.(?:123|000)Z$/) as unknown,
          isDeleted: false,
          deletedAt: null,
        })
        for (const [property, { type, value }] of here) expect([type, shownBy(ada, property)]).toEqual([type, value])
        expect(await (ada as unknown as { password: { verify(text: string): Promise<boolean> } }).password.verify('correct horsé')).toBe(
          true,
        )
        for (const [property, { type, value, finds = [value] }] of here) {
          for (const find of finds) expect([type, await Account.count({ [property]: find } as never)]).toEqual([type, 2])
        }
        // A flag that is NULL is a row that was not deleted.
        expect(await Account.query().orderBy('id').all()).toMatchObject([{ name: 'Ada' }, { name: 'no flag', isDeleted: false }])
        expect((await Post.getOrError(1, { with: ['author'] })).author?.name).toBe('Ada')
        expect((await ada.save()).isDirty).toBe(false)
        expect(await raw('select * from account')).toEqual(before)
      }))

    it('what is written there stands in the form that Python reads', () =>
      inOriginal(database, async ({ here, raw, Account, name }) => {
        const values = Object.fromEntries(here.map(([property, { next }]) => [property, next]))
        const ada = await Account.getOrError(1)
        await ada.update({ ...values, password: 'new words' } as never)
        const { id } = await Account.create({ name: 'Eve', ...values, password: 'new words' } as never)
        const { text: asText, hex } = dialects[name]
        const shown = here.map(([property, { isBinary, ddl }]) => {
          const column = snake(property)
          return `${isBinary && of(ddl, name) !== 'UUID' ? hex(column) : asText(column)} as ${column}`
        })
        const written = here.flatMap(([property, { stored }]) => {
          const expected = of<unknown>(stored, name)
          return expected === undefined ? [] : [[snake(property), expected]]
        })
        for (const key of [1, id]) {
          const [row] = await raw(`select ${shown.join(', ')}, ${hex('password')} as password from account where id = ${key}`)
          expect(row).toMatchObject(Object.fromEntries(written))
          expect(Buffer.from(String(row?.['password']), 'hex').toString()).toMatch(/^\$scrypt\$ln=10,r=8,p=3\$/)
        }
        for (const record of [await Account.getOrError(1), await Account.getOrError(id)]) {
          for (const [property, { type, next, shown = next }] of here) expect([type, shownBy(record, property)]).toEqual([type, shown])
        }
      }))

    it('deletes softly and restores as it does, and keeps the microseconds that it wrote', () =>
      inOriginal(database, async ({ raw, Account, Post, name }) => {
        const { text: asText } = dialects[name]
        const facts = async () => {
          const columns = ['is_deleted', 'created_at', 'deleted_at'].map((column) => `${asText(column)} as ${column}`)
          const [row] = await raw(`select ${columns.join(', ')} from account where id = 1`)
          return row
        }
        const created = (await facts())?.['created_at']
        await Account.getOrError(1).delete()
        expect(await facts()).toEqual({
          is_deleted: name === 'postgres' ? 'true' : '1',
          created_at: created,
          deleted_at: expect.stringMatching(name === 'sqlite' ? /^[\d-]{10} [\d:]{8}\.\d{6}$/ : /^[\d-]{10} [\d:]{8}/) as unknown,
        })
        expect([await Account.count(), await Account.get(1), (await Post.getOrError(1, { with: ['author'] })).author]).toEqual([
          1,
          null,
          null,
        ])
        await (await Account.getOrError(1, { includeDeleted: true })).restore()
        expect(await facts()).toEqual({ is_deleted: name === 'postgres' ? 'false' : '0', created_at: created, deleted_at: null })
        expect(await Account.filter({ name: oneOf(['Ada', 'no flag']) }).updateAll({ name: 'both' })).toBe(2)
        expect(await Account.filter({ name: not('both') }).count()).toBe(0)
        await Account.getOrError(2).delete({ hardDelete: true })
        expect(await raw('select id from account')).toEqual([{ id: 1 }])
        expect(DateTime.isDateTime((await Account.getOrError(1)).createdAt)).toBe(true)
      }))
  })
}

for (const database of servers.filter(({ name }) => name === 'postgres')) {
  it('postgres › it is searched and asked by the operators of its own types', () =>
    inOriginal(database, async ({ Account }) => {
      expect(await Account.filter({ search: match('ada') } as never).count()).toBe(1)
      expect(await Account.filter({ seats: containsValue(5), large: containsValue(9_007_199_254_740_993n) } as never).count()).toBe(2)
      await Account.getOrError(2).update({ name: 'engines' })
      expect(await Account.filter({ search: match('engine') } as never).count()).toBe(1)
    }))
}
