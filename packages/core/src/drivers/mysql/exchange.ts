/* oxlint-disable no-underscore-dangle, typescript/unbound-method -- the names are mysql2's, which calls each step on its command */
import type { ObjectLiteral } from 'typeorm'
import type { Row } from '../driver.js'
import { TextCache } from '../text-cache.js'
import { Column } from './column.js'
import type { Callback, NativePackage, NativePacket, NativeQuery, NativeStep } from './client.js'
import { hasOwnCast, type ReadOptions } from './reader.js'
import { listOf, recordOf } from './row.js'

/** What an exchange replaces of mysql2's command of a statement. */
interface NativeCommand extends NativeQuery {
  /** How many columns the rows have whose descriptions are coming. */
  readonly _fieldCount: number
  /** Which of its results is coming: a procedure gives several. */
  readonly _resultIndex: number
  /** The columns of each result. */
  readonly _fields: readonly Column[][]
  /** The rows of each result. */
  readonly _rows: readonly (Row | ObjectLiteral)[][]
  /** Takes the description of a column. */
  readField(packet: NativePacket, connection: unknown): NativeStep
  /** Takes what ends the descriptions. */
  fieldsEOF(packet: NativePacket, connection: unknown): NativeStep
  /** Takes a row, or what ends them. */
  row(packet: NativePacket, connection: unknown): NativeStep | null
}

const replaced: readonly (keyof NativeCommand)[] = ['_fieldCount', '_resultIndex', '_fields', '_rows', 'readField', 'fieldsEOF', 'row']

/** A statement as it is sent. */
interface Sending {
  readonly sql: string
  readonly values: readonly unknown[]
  /** Whether its rows come as lists, or as objects. */
  readonly rowsAsArray: boolean
}

/** The class of a statement on its way. */
export type ExchangeClass = new (sending: Sending, callback: Callback) => NativeQuery

/**
 * The class of statements: one whose rows we read, in the place of mysql2's own.
 *
 * That takes the description of each column apart anew with each statement, and reads numbers with a fraction digit by digit: 5 in 100 of
 * them become their neighbour. It is taken where the application has a reader of its own, or where it is not as we know it.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
 */
export function exchangeClass(mysql2: NativePackage, options: ReadOptions): ExchangeClass {
  const usual: object = mysql2.createQuery('', [], () => undefined, { rowsAsArray: true })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- that is how mysql2 makes it
  const Native = usual.constructor as ExchangeClass
  const hasOwnReader = hasOwnCast(options) || Boolean(options.nestTables) || options.jsonStrings !== true
  if (hasOwnReader || !replaced.every((name) => name in usual)) return Native
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as was just seen
  const Query = Native as new (...parameters: ConstructorParameters<ExchangeClass>) => NativeCommand
  /** By their descriptions. */
  const columns = new TextCache<Column>(1_000_000)

  class Exchange extends Query {
    readonly #areLists: boolean

    constructor(sending: Sending, callback: Callback) {
      super(sending, callback)
      this.#areLists = sending.rowsAsArray
    }

    override readField(packet: NativePacket): NativeStep {
      const fields = this._fields[this._resultIndex] ?? []
      const before = fields.at(-1)
      const column = before?.next?.isOf(packet) ? before.next : this.#find(packet)
      if (before) before.next = column
      fields.push(column)
      return fields.length === this._fieldCount ? this.fieldsEOF : this.readField
    }

    #find(packet: NativePacket): Column {
      const description = packet.buffer.latin1Slice(packet.offset, packet.end)
      let column = columns.get(description)
      if (!column) columns.add(description, (column = new Column(packet, mysql2.CharsetToEncoding, options)))
      return column
    }

    override row(packet: NativePacket, connection: unknown): NativeStep | null {
      if (packet.isEOF()) return super.row(packet, connection)
      const fields = this._fields[this._resultIndex] ?? []
      this._rows[this._resultIndex]?.push(this.#areLists ? listOf(packet, fields) : recordOf(packet, fields))
      return this.row
    }
  }
  // mysql2 sends a command as it is whose constructor is its own.
  Object.defineProperty(Exchange.prototype, 'constructor', { value: Query })
  return Exchange
}
