import type { ObjectLiteral } from 'typeorm'
import { startOfDay } from '../datetime-text.js'
import type { Row } from '../driver.js'
import type { NativePacket } from './client.js'
import type { Column } from './column.js'

/** The byte that stands for NULL, and the first that is no length: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html */
const nothing = 251

/** The values of a row, in the order of its columns. The usual ones are read where they lie: a function for each would cost as much again. */
export function listOf(packet: NativePacket, columns: readonly Column[]): Row {
  const { buffer } = packet
  // oxlint-disable-next-line unicorn/no-new-array -- a list that grows keeps twice the room, and a record remembers its row
  const row = new Array<unknown>(columns.length)
  let place = 0
  for (const { reading } of columns) {
    const start = packet.offset + 1
    const length = buffer[start - 1] ?? nothing
    const end = start + length
    if (length === nothing) {
      packet.offset = start
      row[place++] = null
    } else if (typeof reading === 'function') {
      row[place++] = reading(packet)
    } else if (length > nothing) {
      row[place++] = packet.readLengthCodedString('utf8')
    } else {
      packet.offset = end
      row[place++] =
        reading === 'text' ? buffer.utf8Slice(start, end) : reading === 'whole' ? wholeIn(buffer, start, end) : momentIn(buffer, start, end)
    }
  }
  return row
}

/** The values of a row by the names of its columns. */
export function recordOf(packet: NativePacket, columns: readonly Column[]): ObjectLiteral {
  const values = listOf(packet, columns)
  const record: ObjectLiteral = {}
  for (let index = 0; index < values.length; index++) {
    const name = columns[index]?.name ?? ''
    const value = values[index]
    // By an assignment it would be the record's prototype.
    if (name === '__proto__') Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true })
    else record[name] = value
  }
  return record
}

const [zero, minus] = [48, 45]

/** A number of few digits. */
function wholeIn(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === minus
  let value = 0
  for (let at = isNegative ? start + 1 : start; at < end; at++) value = value * 10 + digitAt(bytes, at)
  return isNegative ? -value : value
}

/** `2026-01-01 10:00:00`, with or without a fraction, in UTC as every session is; a date of zeros is an invalid one. */
function momentIn(bytes: Uint8Array, start: number, end: number): Date {
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2)
  const day = startOfDay(year, twoDigits(bytes, start + 5), twoDigits(bytes, start + 8))
  const minutes = twoDigits(bytes, start + 11) * 60 + twoDigits(bytes, start + 14)
  let milliseconds = (minutes * 60 + twoDigits(bytes, start + 17)) * 1_000
  // Digits after the third are less than a millisecond.
  for (let at = start + 20, worth = 100; at < end && worth >= 1; at++, worth /= 10) milliseconds += digitAt(bytes, at) * worth
  return new Date(day + milliseconds)
}

function twoDigits(bytes: Uint8Array, at: number): number {
  return digitAt(bytes, at) * 10 + digitAt(bytes, at + 1)
}

function digitAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? zero) - zero
}
