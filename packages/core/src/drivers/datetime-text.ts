/** The last day that was read, as a number of its digits, and when it began: most moments of a result are of few days. */
let lastDay = 0
let startOfLastDay = 0

/**
 * A moment as databases write it in UTC: `2026-01-01 10:00:00`, with up to six digits of a fraction, and with `+00` or without. `undefined` of
 * any other text.
 */
export function millisecondsOf(text: string): number | undefined {
  const end = text.length - (text.charCodeAt(text.length - 3) === plus ? 3 : 0)
  if (end < 19 || end > 26 || (end < text.length && twoDigits(text, end + 1) !== 0)) return undefined
  if (text.charCodeAt(10) !== space || text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon) return undefined
  const hours = twoDigits(text, 11)
  const minutes = twoDigits(text, 14)
  const seconds = twoDigits(text, 17)
  const milliseconds = fraction(text, end)
  if (hours >= 24 || minutes >= 60 || seconds >= 60 || milliseconds >= 1_000) return undefined
  const day = startOfDay(twoDigits(text, 0) * 100 + twoDigits(text, 2), twoDigits(text, 5), twoDigits(text, 8))
  return Number.isNaN(day) ? undefined : day + ((hours * 60 + minutes) * 60 + seconds) * 1_000 + milliseconds
}

/** When a day begins in UTC, in milliseconds; `NaN` of what is no day, as databases write with zeros. */
export function startOfDay(year: number, month: number, date: number): number {
  const day = (year * 100 + month) * 100 + date
  if (day === lastDay) return startOfLastDay
  if (year > 9999 || month < 1 || month > 12 || date < 1 || date > 31) return Number.NaN
  lastDay = day
  // `Date.UTC` takes the years of one and two digits for those of the last century.
  startOfLastDay = year < 100 ? new Date(0).setUTCFullYear(year, month - 1, date) : Date.UTC(year, month - 1, date)
  return startOfLastDay
}

/** Whole milliseconds of what stands between the seconds and `end`; too many of what is no fraction. */
function fraction(text: string, end: number): number {
  if (end === 19) return 0
  if (end === 20 || text.charCodeAt(19) !== point) return none
  let milliseconds = 0
  for (let at = 20; at < end; at++) {
    const value = text.charCodeAt(at) - zero
    if (value < 0 || value > 9) return none
    // The digits after the third are only looked at.
    if (at < 23) milliseconds += value * (at === 20 ? 100 : at === 21 ? 10 : 1)
  }
  return milliseconds
}

const [zero, space, colon, point, plus] = [48, 32, 58, 46, 43]
/** More than any part of a moment can be. */
const none = 100_000

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero
  const ones = text.charCodeAt(at + 1) - zero
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : none
}
