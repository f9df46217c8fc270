import * as fc from 'fast-check'
import { DateTime as Luxon } from 'luxon'
import { describe, expect, it } from 'vitest'
import { Date as DateType, DateTime, Time } from '../src/types/index.js'

const databases = ['sqlite', 'postgres', 'mysql'] as const
const noTimes = [
  null,
  undefined,
  '',
  'yesterday',
  0,
  1_700_000_000_000,
  true,
  [],
  {},
  { isLuxonDateTime: false },
  { isLuxonDateTime: true, isValid: true },
]
const zone = fc.constantFrom('utc', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Auckland', 'UTC+14', 'UTC-12')
const moment = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })

describe('DateTime', () => {
  it('is the same moment in UTC, whatever zone it came in', () => {
    fc.assert(
      fc.property(moment, zone, (date, name) => {
        const accepted = DateTime.accept(Luxon.fromJSDate(date, { zone: name }))
        expect(accepted.zoneName).toBe('UTC')
        expect(accepted.toMillis()).toBe(date.getTime())
      }),
    )
  })

  it('comes back from every database as the same moment, to the millisecond, in UTC', () => {
    fc.assert(
      fc.property(moment, fc.constantFrom(...databases), (date, database) => {
        const { transformer } = DateTime.storage(database)
        if (!transformer || Array.isArray(transformer)) throw new Error('A DateTime has one transformer')
        const kept: unknown = transformer.to(DateTime.accept(date))
        expect(kept).toEqual(date)
        const read = transformer.from(kept) as Luxon
        expect([read.toMillis(), read.zoneName]).toEqual([date.getTime(), 'UTC'])
        // TypeORM hands back what it was given before.
        expect(transformer.to(date)).toBe(date)
        expect([transformer.to(null), transformer.from(null)]).toEqual([null, null])
      }),
    )
  })

  it('is stored to the millisecond where the column says so', () => {
    expect(databases.map((database) => ({ ...DateTime.storage(database), transformer: undefined }))).toEqual([
      { type: 'datetime', transformer: undefined },
      { type: 'timestamptz', precision: 3, transformer: undefined },
      { type: 'datetime', precision: 3, transformer: undefined },
    ])
  })

  it.each([
    ['2026-01-31T10:20', '2026-01-31T10:20:00.000Z'],
    ['2026-01-31T10:20:30Z', '2026-01-31T10:20:30.000Z'],
    ['2026-01-31T10:20:30.123456Z', '2026-01-31T10:20:30.123Z'],
    ['2026-01-31T10:20:30+02:00', '2026-01-31T08:20:30.000Z'],
    ['2024-02-29T23:59:59.999-11:30', '2024-03-01T11:29:59.999Z'],
  ])('reads %s as %s: without a zone it is UTC', (text, iso) => {
    expect(DateTime.accept(text).toISO()).toBe(iso)
  })

  it('refuses what is no moment, and what only looks like one', () => {
    const broken = [
      Luxon.invalid('test'),
      new Date(Number.NaN),
      '2026-01-31',
      '2026-02-30T00:00:00Z',
      '2026-01-31 10:20:30',
      '20260131T1020',
      '2026-01-31T25:00:00Z',
      '2026-01-31T10:20:30 OR 1=1',
    ]
    for (const value of [...noTimes, ...broken]) expect(() => DateTime.accept(value)).toThrow('takes a moment')
  })

  it('is ISO 8601 in UTC in JSON', () => {
    expect(DateTime.toJSON?.(Luxon.fromISO('2026-01-31T10:20:30.5+02:00', { setZone: true }))).toBe('2026-01-31T08:20:30.500Z')
  })
})

it.each(['0000-12-31T23:59:59.999Z', '0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-00:01', new Date(8.64e15), new Date(-8.64e15)])(
  'a moment is of the year 1 to 9999, after it was brought to UTC: not %s',
  (value) => {
    expect(() => DateTime.accept(value)).toThrow('from the year 1 to 9999')
  },
)

it.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '0000-12-31T23:00:00-02:00'])('%s is a moment', (text) => {
  expect(DateTime.accept(text).toMillis()).toBe(Date.parse(text))
})

describe('Date', () => {
  it('is a day of the calendar, as it is written', () => {
    expect(DateType.accept('2024-02-29')).toBe('2024-02-29')
    expect(DateType.storage('mysql')).toEqual({ type: 'date' })
  })

  it('of a moment is the day in the zone of that moment', () => {
    expect(DateType.accept(Luxon.fromISO('2026-01-31T23:30:00-05:00', { setZone: true }))).toBe('2026-01-31')
  })

  it('is moved by no zone', () => {
    fc.assert(
      fc.property(moment, zone, (date, name) => {
        const day = Luxon.fromJSDate(date, { zone: name })
        if (day.year < 1 || day.year > 9999) return
        expect(DateType.accept(day)).toBe(day.toFormat('yyyy-MM-dd'))
      }),
    )
  })

  it('refuses what is no day', () => {
    const broken = [
      '2026-02-29',
      '2026-13-01',
      '2026-1-1',
      '31.01.2026',
      '2026-01-31T00:00:00Z',
      '2026-01-31\n',
      new Date(),
      Luxon.invalid('test'),
    ]
    for (const value of [...noTimes, ...broken]) expect(() => DateType.accept(value)).toThrow('takes a day like 2026-01-31')
  })
})

describe('Time', () => {
  it.each([
    ['13:45', '13:45:00'],
    ['00:00:00', '00:00:00'],
    ['23:59:59.123456', '23:59:59.123456'],
    ['13:45:00.500', '13:45:00.5'],
    ['13:45:10.000000', '13:45:10'],
  ])('%s is kept as %s', (text, kept) => {
    expect(Time.accept(text)).toBe(kept)
  })

  it('refuses what is no time of day', () => {
    const broken = ['24:00', '13:60', '13:45:60', '1:45', '13:45:00.1234567', '13:45:00.', '13:45Z', '13:45:00\n', 13]
    for (const value of [...noTimes, ...broken]) expect(() => Time.accept(value)).toThrow('takes a time like 13:45:00')
  })

  it('is a time on every database', () => {
    for (const database of databases) expect(Time.storage(database)).toMatchObject({ type: 'time' })
    expect(databases.map((database) => Time.storage(database).precision)).toEqual(
      databases.map((database) => (database === 'mysql' ? 6 : undefined)),
    )
  })
})
