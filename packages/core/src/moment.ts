import { DateTime } from 'luxon'

/** A moment before its calendar was reckoned: only the milliseconds are its own. */
interface Reckoned {
  ts: number
}

/** What a Luxon `DateTime` is made of, in the version that the calendar can be put off for. */
const knownFields = ['ts', '_zone', 'loc', 'invalid', 'weekData', 'localWeekData', 'c', 'o', 'isLuxonDateTime']

/** The fields that take time to make. */
const costly = ['c', 'loc'] as const

/**
 * Makes moments whose calendar is reckoned when somebody looks at it; `undefined` where Luxon is not as we know it.
 *
 * Their prototype stands between them and Luxon's own: a field that is missing on the moment itself is found there, and made.
 * Everything that Luxon derives from one is an ordinary `DateTime`.
 */
function factory(): ((milliseconds: number) => DateTime<true>) | undefined {
  const probe = DateTime.fromMillis(0, { zone: 'utc' })
  const fields = Object.keys(probe)
  if (fields.length !== knownFields.length || !knownFields.every((field) => fields.includes(field))) return undefined

  const prototype: object = Object.create(DateTime.prototype)
  for (const field of fields) {
    if (field === 'ts') continue
    const value: unknown = Reflect.get(probe, field)
    const isCostly = costly.some((each) => each === field)
    Object.defineProperty(prototype, field, isCostly ? reckoned(field) : { value, writable: true })
  }
  function Moment(this: Reckoned, milliseconds: number): void {
    this.ts = milliseconds
  }
  Moment.prototype = prototype
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has the prototype of Luxon
  const Made = Moment as unknown as new (milliseconds: number) => DateTime<true>
  return (milliseconds) => new Made(milliseconds)
}

/** A field that is made with the others when it is first asked for. */
function reckoned(field: string): PropertyDescriptor {
  const keep = (moment: object, name: string, value: unknown): void => {
    Object.defineProperty(moment, name, { value, writable: true, enumerable: true, configurable: true })
  }
  return {
    get(this: Reckoned): unknown {
      const whole = DateTime.fromMillis(this.ts, { zone: 'utc' })
      for (const each of costly) keep(this, each, Reflect.get(whole, each))
      return Reflect.get(whole, field)
    },
    set(this: Reckoned, value: unknown): void {
      keep(this, field, value)
    },
  }
}

/**
 * A Luxon `DateTime` in UTC, at almost no cost until it is looked at: most moments of most rows never are.
 *
 * @param milliseconds Since 1970, UTC; a whole number of a valid moment.
 */
export const momentAt: (milliseconds: number) => DateTime<true> =
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a whole number of its range is valid
  factory() ?? ((milliseconds) => DateTime.fromMillis(milliseconds, { zone: 'utc' }) as DateTime<true>)
