import type { EventEmitter } from 'node:events'
import { Exchange, type ExchangeClient, type NativeResult, type NativeWire, type Sending, type TypeParser } from './exchange.js'

/** The part of pg's errors that we read. */
export interface NativeError extends Error {
  readonly code?: string
  readonly column?: string
  readonly detail?: string
}

/** A connection of our pool: pg's `Client`, whose types are no dependency of ours, with what `clientClass` adds. */
export interface NativeClient extends EventEmitter {
  /** Whether the server has answered everything that was sent. */
  readonly readyForQuery: boolean
  readonly host: string
  readonly port: number
  readonly processID: number | null
  readonly secretKey: number | null
  readonly connection: NativeWire
  /** The status of the server's last ReadyForQuery: idle, in a transaction, in a failed one. */
  getTransactionStatus(): 'I' | 'T' | 'E' | null
  /** Lets the process live on while it is open, or end. */
  ref(): void
  unref(): void
  /** One statement of our own. @typeParam Row What its text asks for. */
  query<Row>(config: { text: string }): Promise<NativeResult<Row>>
  send(sending: Sending): Promise<NativeResult>
  /** Forgets how the rows of a prepared statement are described: the server is to forget it, too. */
  forget(name: string): void
  release(destroy?: boolean): void
}

/** What every session is told as it connects: it costs no statement, and poolers pass it on. */
export interface SessionSettings {
  /** Where it is not said, it is the server's. */
  readonly TimeZone?: string
  readonly DateStyle: string
}

/** The part of the package pg that we use. */
export interface NativePackage {
  readonly Client: new (
    config: object,
  ) => {
    getStartupConf(): Record<string, string>
    getTypeParser(oid: number, format?: string): TypeParser
    query(exchange: Exchange): unknown
  }
  readonly types: {
    getTypeParser(oid: number, format?: string): TypeParser
    readonly arrayParser: { create(text: string, element: TypeParser): { parse(): unknown[] } }
  }
  readonly utils: { readonly prepareValue: (value: unknown) => unknown }
}

/** A client whose every session is told `settings` as it begins. */
export function clientClass({ Client, utils }: NativePackage, settings: SessionSettings): object {
  return class extends Client implements ExchangeClient {
    readonly descriptions: ExchangeClient['descriptions'] = new Map()
    readonly prepareValue = utils.prepareValue

    override getStartupConf(): Record<string, string> {
      return { ...super.getStartupConf(), ...settings }
    }

    send(sending: Sending): Promise<NativeResult> {
      return new Promise((resolve, reject) => {
        const settle = (error: Error | null, result?: NativeResult): void => {
          if (result) resolve(result)
          else reject(error ?? new Error('The client gave no result'))
        }
        this.query(new Exchange(sending, this, settle))
      })
    }

    forget(name: string): void {
      this.descriptions.delete(name)
    }
  }
}
