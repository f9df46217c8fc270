import type { NativeField, NativePackage, NativePacket } from './client.js'
import { type Reading, type ReadOptions, readingOf } from './reader.js'

/**
 * A column of rows, taken from its description: six texts, the fifth of which is its name, and thirteen bytes at the end. What MariaDB puts
 * in between is not looked at. https://mariadb.com/kb/en/result-set-packets/#column-definition-packet
 */
export class Column implements NativeField {
  readonly name: string
  readonly columnType: number
  readonly decimals: number
  /** How its values are read. */
  readonly reading: Reading
  /** The column that has followed it the last time. */
  next: Column | undefined
  readonly #description: Uint8Array

  constructor(packet: NativePacket, encodings: NativePackage['CharsetToEncoding'], options: ReadOptions) {
    const { buffer, offset, end } = packet
    this.#description = Uint8Array.prototype.slice.call(buffer, offset, end)
    for (let skipped = 0; skipped < 4; skipped++) packet.readLengthCodedBuffer()
    this.name = packet.readLengthCodedString('utf8') ?? ''
    this.columnType = buffer.readUInt8(end - 6)
    this.decimals = buffer.readUInt8(end - 3)
    const { columnType, decimals } = this
    this.reading = readingOf({ columnType, decimals, encoding: encodings[buffer.readUInt16LE(end - 12)] }, options)
  }

  /** Whether a packet has its description. A loop: for so few bytes a call of `Buffer.compare` takes longer. */
  isOf({ buffer, offset, end }: NativePacket): boolean {
    const description = this.#description
    if (end - offset !== description.length) return false
    for (let index = 0; index < description.length; index++) if (description[index] !== buffer[offset + index]) return false
    return true
  }
}
