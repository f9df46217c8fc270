import { tracingChannel } from 'node:diagnostics_channel'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { ActiveAlchemy } from '@active-alchemy/core'
import { createConnection } from 'mysql2/promise'
import { DataSource } from 'typeorm'
import { describe, expect, it } from 'vitest'
import { inStore, type Store } from '../conformance/store.ts'
import { mariadb } from '../databases/mysql.ts'

/** Types of columns, each with values at its edges. */
const types: Readonly<Record<string, readonly string[]>> = {
  tinyint: ['-128', '0', '127'],
  'tinyint unsigned': ['255'],
  boolean: ['true', 'false'],
  smallint: ['-32768', '32767'],
  mediumint: ['-8388608', '8388607'],
  int: ['-2147483648', '2147483647'],
  'int(9) unsigned zerofill': ['7', '4294967295'],
  bigint: ['-9223372036854775808', '9007199254740993', '1', '9223372036854775807'],
  'bigint unsigned': ['18446744073709551615'],
  float: ['0', '-1.5', '3.40282e38', '1.17549e-38'],
  double: ['0', '-0.1', '1e22', '1.7976931348623157e308', '5e-324', '978.2953049860739', '123456.789'],
  'decimal(10, 0)': ['-9999999999', '0'],
  'decimal(40, 12)': ['-9999999999999999999999999999.999999999999', '0.1'],
  'bit(1)': ["b'1'", "b'0'"],
  'bit(64)': ["b'1000000000000000000000000000000000000000000000000000000000000001'"],
  'char(5)': ["''", "'abc'", "'é€😀'"],
  'varchar(300)': ["''", "'123456789'", "repeat('é', 125)", "repeat('a', 250)", "repeat('a', 251)", "repeat('a', 256)"],
  text: ["repeat('ß', 32767)", "repeat('a', 65535)"],
  mediumtext: ["repeat('a', 65536)", "repeat('😀', 100000)"],
  'varchar(10) character set latin1': ["'é'"],
  'binary(4)': ["x'00ff00fe'"],
  'varbinary(300)': ["''", "x'fb'", "repeat(x'fe', 251)"],
  blob: ["repeat(x'ff', 65535)"],
  longblob: ["repeat(x'00', 65536)"],
  "enum('one', 'zwö')": ["'one'", "'zwö'"],
  "set('a', 'b')": ["''", "'a,b'"],
  json: [`'{"a": [1, "é", null, 12345678901234567890]}'`, "'null'", "'7'"],
  date: ["'0001-01-01'", "'2026-02-28'", "'9999-12-31'"],
  datetime: ["'0001-01-01 00:00:00'", "'0099-12-31 23:59:59'", "'9999-12-31 23:59:59'"],
  'datetime(6)': ["'2026-02-28 23:59:59.123456'", "'1969-12-31 23:59:59.999999'"],
  'timestamp(3) null': ["'1970-01-01 00:00:01.001'", "'2038-01-19 03:14:07.999'"],
  time: ["'-838:59:59'", "'00:00:00'", "'838:59:59'"],
  'time(6)': ["'13:45:00.120000'", "'-00:00:00.000001'", "'10:00:00'"],
  year: ["'1901'", "'2155'"],
  point: ['point(1.5, -2)'],
  geometry: ["st_geomfromtext('POLYGON((0 0, 0 1, 1 1, 0 0))')", "st_geomfromtext('GEOMETRYCOLLECTION(POINT(1 2))')"],
  uuid: ["'123e4567-e89b-12d3-a456-426614174000'"],
  inet6: ["'2001:db8::ff00:42:8329'"],
}
const columns = Object.keys(types).map((_, index) => `c${index}`)
const select = `select ${columns.join(', ')} from every order by id`

async function fill({ raw }: Store): Promise<void> {
  const definitions = Object.keys(types).map((type, index) => `c${index} ${type.replace(/ null$/, '')} null`)
  await raw(`create table every (id int primary key, ${definitions.join(', ')})`)
  // The last row has no values at all.
  for (let row = 0; row < 7; row++) {
    const values = Object.values(types).map((each) => each[row] ?? 'null')
    await raw(`insert into every values (${row}, ${values.join(', ')})`)
  }
}

/** The rows as mysql2 gives them, with times as texts, and numbers with a fraction by their digits. */
async function expected(uri: string): Promise<unknown[][]> {
  const connection = await createConnection({
    uri,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    dateStrings: true,
    rowsAsArray: true,
    typeCast(field, next) {
      if (field.type !== 'DOUBLE' && field.type !== 'FLOAT') return next()
      const digits = field.string()
      return digits === null ? null : Number(digits)
    },
  })
  try {
    const [rows] = await connection.query<never[]>(select)
    return rows.map((row: unknown[]) => row.map((value, index) => asOurs(Object.keys(types)[index] ?? '', value)))
  } finally {
    await connection.end()
  }
}

function asOurs(type: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (/^(?:datetime|timestamp)/.test(type)) return new Date(`${value.replace(' ', 'T')}Z`)
  return type === 'time(6)' ? value.replace(/\.?0+$/, '') : value
}

/** A line to the server of `url` on which answers come in pieces of a few bytes. */
async function choppedLine({ hostname, port }: URL): Promise<Server> {
  const accept = (client: Socket): void => {
    const server = connect(Number(port || 3306), hostname)
    client.setNoDelay(true)
    let waiting = Buffer.alloc(0)
    let size = 0
    let sent = 0
    let isSending = false
    const send = (): void => {
      isSending = waiting.length > 0
      if (!isSending) return
      size = (size % 11) + 1
      // An answer begins with the descriptions of its columns, and short values.
      const piece = waiting.subarray(0, sent < 6_000 ? size : 4_000 + size)
      waiting = waiting.subarray(piece.length)
      sent += piece.length
      client.write(piece, () => setImmediate(send))
    }
    client.on('data', (chunk) => {
      sent = 0
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk])
      if (!isSending) send()
    })
    client.on('close', () => server.destroy())
    for (const socket of [client, server]) socket.on('error', () => undefined)
  }
  const listener = createServer(accept)
  await new Promise<void>((resolve) => void listener.listen(0, '127.0.0.1', resolve))
  return listener
}

async function inFilled(row: (store: Store, rows: unknown[][]) => Promise<void>): Promise<void> {
  await inStore(mariadb, async (store) => {
    await fill(store)
    await row(store, await expected(store.uri))
  })
}

describe('rows of a server', () => {
  it('of every type are those that mysql2 gives, as lists, as records and as a stream', () =>
    inFilled(async ({ db }, rows) => {
      const runner = db.dataSource.createQueryRunner()
      try {
        // Twice: what is known of the columns is used again.
        for (let time = 0; time < 2; time++) expect((await runner.run(select, [], 'lists')).lists).toEqual(rows)
        const records = rows.map((row) => Object.fromEntries(row.map((value, index) => [columns[index], value])))
        expect(await runner.query(select)).toEqual(records)
        const streamed: unknown[] = []
        for await (const row of await runner.stream(select)) streamed.push(row)
        expect(streamed).toEqual(records)
      } finally {
        await runner.release()
      }
    }))

  it('are read by their own columns, whatever followed on a column the last time', () =>
    inStore(mariadb, async ({ db, raw }) => {
      await raw('create table gauge (id int primary key, level int)')
      await raw('insert into gauge values (1, 7)')
      const runner = db.dataSource.createQueryRunner()
      const read = async (sql: string): Promise<unknown> => (await runner.run(sql, [], 'lists')).lists
      try {
        expect(await read('select id, level from gauge')).toEqual([[1, 7]])
        await raw("alter table gauge modify level varchar(9) default 'x'")
        expect(await read('select id, level from gauge')).toEqual([[1, '7']])
        await raw('alter table gauge add spare double default 0.5')
        expect(await read('select id, spare, id from gauge')).toEqual([[1, 0.5, 1]])
        expect(await read('select id, level from gauge')).toEqual([[1, '7']])
      } finally {
        await runner.release()
      }
    }))

  it('are left to the typeCast of an application that has one', () =>
    inStore(mariadb, async ({ uri, ...store }) => {
      await store.raw('create table gauge (id int primary key, level double)')
      await store.raw('insert into gauge values (1, 978.2953049860739)')
      const { hostname: host, port, username, pathname } = new URL(uri)
      const typeCast = (field: { type: string; string(): string | null }, next: () => unknown): unknown =>
        field.type === 'DOUBLE' ? `${field.string() ?? ''}!` : next()
      const url = { host, port: Number(port || 3306), username, database: pathname.slice(1) }
      const source = new DataSource({ type: 'mariadb', ...url, entities: [], extra: { typeCast } })
      const db = ActiveAlchemy.from(source)
      try {
        const runner = db.dataSource.createQueryRunner()
        const [list] = (await runner.run('select id, level from gauge', [], 'lists')).lists
        expect([list, await runner.query('select level from gauge')]).toEqual([
          [1, '978.2953049860739!'],
          [{ level: '978.2953049860739!' }],
        ])
        await runner.release()
      } finally {
        await db.close()
      }
    }))

  it('can be traced as statements of mysql2', () =>
    inStore(mariadb, async ({ User }) => {
      await User.create({ name: 'a' })
      const heard: string[] = []
      const listen = (message: unknown): void => void heard.push((message as { query: string }).query)
      const channel = tracingChannel('mysql2:query')
      channel.start.subscribe(listen)
      await User.count()
      channel.start.unsubscribe(listen)
      expect(heard).toEqual([expect.stringContaining('COUNT(*)')])
    }))

  it('come in whatever pieces the line cuts them into', () =>
    inFilled(async ({ uri }, rows) => {
      const url = new URL(uri)
      const line = await choppedLine(url)
      const address = line.address()
      url.port = String(typeof address === 'object' ? address?.port : '')
      const db = new ActiveAlchemy(url.href, { name: 'chopped' })
      try {
        const runner = db.dataSource.createQueryRunner()
        for (let time = 0; time < 3; time++) expect((await runner.run(select, [], 'lists')).lists).toEqual(rows)
        await runner.release()
      } finally {
        await db.close()
        line.close()
      }
    }))
})
