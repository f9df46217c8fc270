import * as fc from 'fast-check'
import { DateTime, Interval, Settings } from 'luxon'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { momentAt } from '../src/moment.js'

/** From year 1 to 9999. */
const moments = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })
const luxon = (milliseconds: number): DateTime => DateTime.fromMillis(milliseconds, { zone: 'utc' })

/** Every question that Luxon answers without a parameter: getters, and methods that give a value. */
const getters = Object.entries(Object.getOwnPropertyDescriptors(DateTime.prototype)).filter(
  ([, descriptor]) => 'get' in descriptor && descriptor.get !== undefined,
)

describe('a moment', () => {
  it('is a DateTime of Luxon, also to Luxon', () => {
    const moment = momentAt(0)
    expect(moment).toBeInstanceOf(DateTime)
    expect(DateTime.isDateTime(moment)).toBe(true)
  })

  it('has only its milliseconds until it is looked at', () => {
    const moment = momentAt(5)
    expect(Object.keys(moment)).toEqual(['ts'])
    expect([moment.toMillis(), +moment, moment.toJSDate().getTime(), moment.isValid, moment.zoneName]).toEqual([5, 5, 5, true, 'UTC'])
    expect(Object.keys(moment)).toEqual(['ts'])
    expect(moment.year).toBe(1970)
    expect(Object.keys(moment).sort()).toEqual(['c', 'loc', 'ts'])
  })

  it('answers as Luxon does, whatever is asked', () => {
    fc.assert(
      fc.property(moments, moments, (one, other) => {
        const [lazy, eager] = [momentAt(one), luxon(one)]
        for (const [name, descriptor] of getters) {
          expect([name, descriptor.get?.call(momentAt(one))]).toEqual([name, descriptor.get?.call(eager)])
        }
        const texts = (moment: DateTime): unknown[] => [
          moment.toISO(),
          moment.toSQL(),
          moment.toHTTP(),
          moment.toRFC2822(),
          moment.toFormat('yyyy-LL-dd HH:mm:ss.SSS ZZ EEEE'),
          moment.toLocaleString(DateTime.DATETIME_FULL),
          moment.toString(),
          moment.toObject(),
          JSON.stringify({ moment }),
          inspect(moment),
          `${moment.plus({ months: 1, days: 3 }).toISO()} ${moment.startOf('week').toISO()} ${moment.endOf('quarter').toISO()}`,
          moment.set({ year: 2024 }).toISO(),
          moment.setZone('America/New_York').toISO(),
          moment.setLocale('de').toLocaleString(DateTime.DATE_HUGE),
          moment.diff(luxon(other), ['days', 'hours']).toObject(),
          moment.hasSame(luxon(other), 'month'),
          moment < luxon(other),
          moment.equals(eager),
          eager.equals(moment),
          Interval.fromDateTimes(moment, moment.plus({ hours: 1 })).contains(eager),
        ]
        expect(texts(lazy)).toEqual(texts(eager))
        // The order of the questions does not matter.
        expect(texts(lazy)).toEqual(texts(eager))
      }),
      { numRuns: 60 },
    )
  })

  it('takes the locale and the numbering system that Luxon has when it is looked at', () => {
    const moment = momentAt(0)
    expect(moment.locale).toBe(luxon(0).locale)
    const { defaultLocale } = Settings
    Settings.defaultLocale = 'fr'
    try {
      expect(momentAt(0).monthLong).toBe('janvier')
    } finally {
      Settings.defaultLocale = defaultLocale
    }
  })
})
