import { assert, date as dates, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { millisecondsOf } from '../src/drivers/datetime-text.js'

const moment = dates({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })

/** The forms in which databases write a moment of a whole number of milliseconds. */
function formsOf(date: Date): string[] {
  const text = date.toISOString().slice(0, -1).replace('T', ' ')
  // PostgreSQL leaves out what is zero at the end.
  const short = text.replace(/\.?0*$/, (zeros, at: number) => (at >= 19 ? '' : zeros))
  return [text, `${text}000`, `${text}+00`, `${text}999`, ...(short.length >= 19 ? [short, `${short}+00`] : [])]
}

describe('a moment as databases write it', () => {
  it('is read as Date reads it, to the millisecond', () => {
    assert(
      property(moment, (date) => {
        for (const text of formsOf(date)) expect([text, millisecondsOf(text)]).toEqual([text, date.getTime()])
      }),
      { numRuns: 2_000 },
    )
  })

  it('is read whatever was read before', () => {
    expect(millisecondsOf('2026-01-01 00:00:00.000000')).toBe(Date.UTC(2026, 0))
    expect(millisecondsOf('2026-01-0x 00:00:00.000000')).toBeUndefined()
    expect(millisecondsOf('2026-01-01 00:00:00.001000')).toBe(Date.UTC(2026, 0) + 1)
  })

  it.each([
    ['another zone', '2026-01-01 10:00:00+02'],
    ['a zone west of UTC', '2026-01-01 10:00:00-00'],
    ['a zone of minutes', '2026-01-01 10:00:00+05:30'],
    ['the time before Christ', '0044-03-15 10:00:00+00 BC'],
    ['a year of five digits', '12026-01-01 10:00:00+00'],
    ['no end', 'infinity'],
    ['ISO 8601', '2026-01-01T10:00:00Z'],
    ['a month too many', '2026-13-01 10:00:00'],
    ['no month', '2026-00-01 10:00:00'],
    ['a day too many', '2026-01-32 10:00:00'],
    ['an hour too many', '2026-01-01 24:00:00'],
    ['a minute too many', '2026-01-01 10:60:00'],
    ['a second too many', '2026-01-01 10:00:60'],
    ['a letter', '2026-01-01 1a:00:00.000000'],
    ['a letter in the fraction', '2026-01-01 10:00:00.00000x'],
    ['a point without digits', '2026-01-01 10:00:00.'],
    ['seven digits', '2026-01-01 10:00:00.0000000'],
    ['a day alone', '2026-01-01'],
    ['nothing', ''],
  ])('is left to others with %s', (_, text) => {
    expect(millisecondsOf(text)).toBeUndefined()
  })
})
