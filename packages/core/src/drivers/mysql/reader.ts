import type { Cast, NativePacket } from './client.js'
import { moment, types, withoutZeros } from './values.js'

/** The options of mysql2 that say how values are read. */
export interface ReadOptions {
  readonly timezone?: string
  readonly dateStrings?: boolean | readonly string[]
  readonly supportBigNumbers?: boolean
  readonly bigNumberStrings?: boolean
  readonly decimalNumbers?: boolean
  readonly jsonStrings?: boolean
  readonly nestTables?: boolean | string
  readonly typeCast?: unknown
}

/** Whether the application has a function of its own that reads values, or wants them as bytes. */
export function hasOwnCast({ typeCast }: ReadOptions): boolean {
  return typeCast !== undefined && typeCast !== true
}

/** Reads the value that comes next in a row. */
type Read = (packet: NativePacket) => unknown

interface Described {
  readonly columnType: number
  /** Digits after the point. */
  readonly decimals: number
  /** Of its texts; that of bytes is `binary`. */
  readonly encoding: string | undefined
}

/** How values are read of the types that most columns have, or what reads those of another. */
export type Reading = 'whole' | 'text' | 'moment' | Read

/** How the values of a column are read: as mysql2 does by these options, but for numbers with a fraction, and for times in UTC. */
export function readingOf({ columnType, decimals, encoding = 'utf8' }: Described, options: ReadOptions): Reading {
  const { timezone, supportBigNumbers = false, bigNumberStrings = false, decimalNumbers = false } = options
  switch (columnType) {
    case types.tinyint:
    case types.smallint:
    case types.mediumint:
    case types.int:
    case types.year:
      return 'whole'
    case types.bigint:
      return supportBigNumbers && bigNumberStrings ? 'text' : (packet) => packet.parseLengthCodedInt(supportBigNumbers)
    case types.float:
    case types.double:
      return parsed(Number)
    case types.oldDecimal:
    case types.decimal:
      return decimalNumbers ? parsed(Number) : 'text'
    case types.date:
      return comesAsText('DATE', options) ? 'text' : (packet) => packet.parseDate(timezone)
    case types.datetime:
    case types.timestamp:
      if (comesAsText(columnType === types.datetime ? 'DATETIME' : 'TIMESTAMP', options)) return 'text'
      return timezone === 'Z' ? 'moment' : (packet) => packet.parseDateTime(timezone)
    case types.time:
      return decimals > 0 && timezone === 'Z' ? parsed(withoutZeros) : 'text'
    case types.geometry:
      return (packet) => packet.parseGeometryValue()
    case types.vector:
      return (packet) => packet.parseVector()
    case types.json:
      return 'text'
    default:
      if (encoding === 'binary') return (packet) => packet.readLengthCodedBuffer()
      return encoding === 'utf8' ? 'text' : (packet) => packet.readLengthCodedString(encoding)
  }
}

/** The same for the rows of a stream, which mysql2 reads one value after the other. */
export function castOf(options: ReadOptions): Cast {
  const isUtc = options.timezone === 'Z'
  return (field, next) => {
    const { type } = field
    const isNumber = type === 'FLOAT' || type === 'DOUBLE'
    const isMoment = isUtc && (type === 'DATETIME' || type === 'TIMESTAMP') && !comesAsText(type, options)
    const isTime = isUtc && type === 'TIME'
    if (!isNumber && !isMoment && !isTime) return next()
    const digits = field.string()
    if (digits === null) return null
    if (isNumber) return Number(digits)
    if (isMoment) return moment(digits)
    return digits.includes('.') ? withoutZeros(digits) : digits
  }
}

function comesAsText(name: string, { dateStrings }: ReadOptions): boolean {
  return Array.isArray(dateStrings) ? dateStrings.includes(name) : Boolean(dateStrings)
}

/** What `parse` makes of a text; a value that is not there stays so. */
function parsed(parse: (text: string) => unknown): Read {
  return (packet) => {
    const digits = packet.readLengthCodedString('ascii')
    return digits === null ? null : parse(digits)
  }
}
