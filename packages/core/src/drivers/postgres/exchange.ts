import type { ObjectLiteral } from 'typeorm'
import { isError } from '../../errors.js'
import type { RowForm } from '../driver.js'
import { opening } from './statements.js'

/** A column of rows, as pg describes it. */
export interface NativeField {
  readonly name: string
  readonly dataTypeID: number
  readonly dataTypeModifier: number
  readonly format: string
}

/** The part of pg's `Result` that we use. */
export interface NativeResult<Row = ObjectLiteral> {
  readonly command: string | null
  readonly rowCount: number | null
  readonly rows: Row[]
  readonly fields: readonly NativeField[]
}

/** Messages of the protocol, by the part of pg's `Connection` that we use. */
export interface NativeWire {
  /** What the client has prepared on this connection, by name. */
  readonly parsedStatements: Record<string, string>
  readonly stream: { cork(): void; uncork(): void }
  /** The server has begun with a statement that binds values. */
  on(event: 'bindComplete', listener: () => void): unknown
  query(text: string): void
  parse(message: { readonly text: string; readonly name: string | undefined }): void
  bind(message: { readonly statement: string | undefined; readonly values?: readonly unknown[] }): void
  describe(message: { readonly type: 'P' }): void
  execute(message: object): void
  sync(): void
  sendCopyFail(message: string): void
}

/** Makes a value of what the server sends. */
export type TypeParser = (text: string) => unknown

/** A statement as it is sent. */
export interface Sending {
  readonly text: string
  /** Name under which the server keeps it prepared, or is to. */
  readonly name: string | undefined
  readonly values: readonly unknown[]
  readonly form: RowForm
  /** Whether a transaction's BEGIN goes with it; then BEGIN has been prepared, and the statement has a name or binds values. */
  readonly opens: boolean
}

/** How the server describes the rows of a statement, and what reads their values. */
interface Description {
  readonly fields: readonly NativeField[]
  readonly parsers: readonly TypeParser[]
}

const noRows: Description = { fields: [], parsers: [] }

/** What an exchange needs of the client that it goes by. */
export interface ExchangeClient {
  getTypeParser(oid: number, format?: string): TypeParser
  /** A value in the form of the protocol. */
  readonly prepareValue: (value: unknown) => unknown
  /** The rows of what is prepared on this connection, by name: the server keeps to their description, or refuses the statement. */
  readonly descriptions: Map<string, Description>
}

/**
 * One statement on its way: what goes to the server for it, and what comes back.
 *
 * It stands in the place of pg's own `Query`, as that of pg-cursor does, and saves what that does anew each time: a copy of the statement,
 * the description of rows that are known, and the functions that read their values.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export class Exchange {
  readonly text: string
  readonly name: string | undefined
  /** Called once, when the server is ready for the next one; pg's client puts another in its place where it limits the time. */
  callback: (error: Error | null, result?: NativeResult) => void
  readonly #sending: Sending
  readonly #client: ExchangeClient
  #description = noRows
  #rows: ObjectLiteral[] = []
  #result: NativeResult = { command: null, rowCount: null, rows: [], fields: [] }
  /** Why a value could not be read. */
  #unread: Error | undefined
  /** Whether the answer to BEGIN is still to come. */
  #awaitsBegin: boolean

  /** @param callback Gets the result; of a text with several statements the last one. */
  constructor(sending: Sending, client: ExchangeClient, callback: (error: Error | null, result?: NativeResult) => void) {
    this.text = sending.text
    this.name = sending.name
    this.callback = callback
    this.#sending = sending
    this.#client = client
    this.#awaitsBegin = sending.opens
  }

  /** Sends it. @returns Why a value cannot be bound; then nothing was sent. */
  submit(wire: NativeWire): Error | null {
    const { text, name, values } = this.#sending
    if (name === undefined && values.length === 0) {
      wire.query(text)
      return null
    }
    let bound: unknown[]
    try {
      bound = values.map(this.#client.prepareValue)
    } catch (error) {
      return isError(error) ? error : new Error(String(error))
    }
    wire.stream.cork()
    try {
      this.#sendPrepared(wire, bound)
    } finally {
      wire.stream.uncork()
    }
    return null
  }

  #sendPrepared(wire: NativeWire, values: readonly unknown[]): void {
    const { text, name, opens } = this.#sending
    if (opens) {
      // Before the one Sync for both: a statement whose BEGIN was refused must not be kept by itself.
      wire.bind({ statement: opening.name })
      wire.execute({})
    }
    if (name === undefined || wire.parsedStatements[name] === undefined) wire.parse({ text, name })
    wire.bind({ statement: name, values })
    const known = name === undefined ? undefined : this.#client.descriptions.get(name)
    if (known) this.#description = known
    else wire.describe({ type: 'P' })
    wire.execute({})
    wire.sync()
  }

  handleRowDescription({ fields }: { readonly fields: readonly NativeField[] }): void {
    this.#description = { fields, parsers: fields.map(({ dataTypeID, format }) => this.#client.getTypeParser(dataTypeID, format)) }
  }

  handleDataRow({ fields: row }: { readonly fields: unknown[] }): void {
    if (this.#unread) return
    const { fields, parsers } = this.#description
    try {
      for (let index = 0; index < row.length; index++) {
        const raw = row[index]
        if (typeof raw === 'string') row[index] = parsers[index]?.(raw)
      }
      this.#rows.push(this.#sending.form === 'lists' ? row : recordOf(fields, row))
    } catch (error) {
      this.#unread = isError(error) ? error : new Error(String(error))
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    if (this.#awaitsBegin) {
      this.#awaitsBegin = false
      return
    }
    const [, command = null, first, second] = commandTag.exec(text) ?? []
    const count = second ?? first
    const { fields } = this.#description
    this.#result = { command, rowCount: count === undefined ? null : Number(count), rows: this.#rows, fields }
    if (this.name !== undefined) this.#client.descriptions.set(this.name, this.#description)
    // Another statement of the same text may follow.
    this.#rows = []
    this.#description = noRows
  }

  handleReadyForQuery(): void {
    if (this.#unread) this.callback(this.#unread)
    else this.callback(null, this.#result)
  }

  handleError(error: Error): void {
    this.callback(error)
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleCopyInResponse(wire: NativeWire): void {
    wire.sendCopyFail('A copy from the client is not supported')
  }

  handleCopyData(): void {}
}

/** `INSERT 0 1`, `SELECT 5`, `BEGIN`: the last number is that of the rows. */
const commandTag = /^([A-Za-z]+)(?: (\d+))?(?: (\d+))?/

function recordOf(fields: readonly NativeField[], row: readonly unknown[]): ObjectLiteral {
  const record: ObjectLiteral = {}
  for (let index = 0; index < row.length; index++) record[fields[index]?.name ?? ''] = row[index]
  return record
}
