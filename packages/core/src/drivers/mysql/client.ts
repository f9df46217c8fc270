import type { Readable } from 'node:stream'

/** An error of mysql2, or of the socket below it. */
export interface NativeError extends Error {
  readonly code?: string
  readonly errno?: number
  /** Whether the connection is of no use any more. */
  readonly fatal?: boolean
}

/** A statement of mysql2 that is under way. */
export interface NativeQuery {
  on(event: string, listener: (...parameters: never[]) => void): this
  once(event: string, listener: (...parameters: never[]) => void): this
  stream(): Readable
}

/** A column of rows, as mysql2 describes it. */
export interface NativeField {
  readonly name: string
  readonly columnType: number
  /** Digits after the point. */
  readonly decimals: number
}

/** The columns of rows; a procedure gives several lists of rows, and of their columns. */
export type NativeFields = readonly (NativeField | readonly NativeField[] | undefined)[]

/** What the server has answered. */
export interface NativeAnswer {
  /** Rows, or the header of a statement without rows. */
  readonly native: unknown
  /** The columns of the rows. */
  readonly fields: NativeFields
}

/** What mysql2 calls when the answer has come. */
export type Callback = (error: NativeError | null, result?: unknown, fields?: NativeFields) => void

/** What has come from the server; it holds something else after the call that it is given to. */
export interface NativePacket {
  readonly buffer: Buffer & {
    // Faster than `toString`, which has to find them by the name of the encoding; every Node has them, and mysql2 calls them.
    latin1Slice(start: number, end: number): string
    utf8Slice(start: number, end: number): string
  }
  /** Where the next value begins. */
  offset: number
  /** Where the packet ends. */
  readonly end: number
  /** Whether it is the end of what came before it. */
  isEOF(): boolean
  readLengthCodedString(encoding: string): string | null
  readLengthCodedBuffer(): Buffer | null
  parseLengthCodedIntNoBigCheck(): number | null
  parseLengthCodedInt(supportBigNumbers: boolean): number | string | null
  parseDate(timezone: string | undefined): Date | null
  parseDateTime(timezone: string | undefined): Date | null
  parseGeometryValue(): unknown
  parseVector(): unknown
}

/** What takes the next packet. @returns What takes the one after it; `null` when there is none. */
export type NativeStep = (packet: NativePacket, connection: unknown) => NativeStep | null

/** Reads a value of a stream. */
export type Cast = (field: { readonly type: string; string(): string | null }, next: () => unknown) => unknown

/** The part of the package mysql2 that we use. */
export interface NativePackage {
  createConnection(options: object): NativeConnection
  /** A statement to give to `query`: its options need not be put together there. */
  createQuery(sql: string, values: readonly unknown[], callback: Callback, config: { readonly rowsAsArray: boolean }): NativeQuery
  /** How texts of a character set are encoded, by its number. */
  readonly CharsetToEncoding: readonly (string | undefined)[]
}

/** The part of mysql2's `Connection` that we use; its types are no dependency of ours. */
export interface NativeConnection {
  readonly stream: { destroy(): void }
  /** The server's number of the connection. */
  readonly threadId: number
  connect(callback: Callback): void
  query(statement: NativeQuery | { readonly sql: string; readonly values: readonly unknown[]; readonly typeCast?: Cast }): NativeQuery
  /** The text that is sent. */
  format(sql: string, values: readonly unknown[]): string
  ping(callback: Callback): void
  reset(callback: Callback): void
  end(callback: Callback): void
  destroy(): void
  on(event: 'error' | 'end', listener: (error?: NativeError) => void): this
  off(event: 'error', listener: (error?: NativeError) => void): this
}
