import type { CallSite } from '../scope/call-site.js'
import { tellReport } from '../scope/diagnostics.js'
import { printReport, type ReportEvent } from '../scope/report.js'
import type { ConnectionStatus } from './driver.js'

/** The use of a connection of a pool. @typeParam Connection Of the pool. */
export interface Lease<Connection> {
  readonly connection: Connection
  /** Gives its place in the line back. */
  readonly giveBack: () => void
  /** Of what the application has to give back. */
  readonly loan: Loan | undefined
}

/** A connection that a query runner of the application has, until the application releases it; those of sessions come back by themselves. */
export class Loan {
  readonly #runner: { readonly connectionStatus: ConnectionStatus }
  readonly #site: CallSite | undefined
  readonly #giveUp: (() => void) | undefined

  /** @param site Where the application made the runner. @param giveUp Gives up what the runner has besides. */
  constructor(runner: { readonly connectionStatus: ConnectionStatus }, site: CallSite | undefined, giveUp?: () => void) {
    this.#runner = runner
    this.#site = site
    this.#giveUp = giveUp
  }

  /** Ends it with its database, and tells so. @param database Its name. @param id What the server calls the connection. */
  end(database: string, id?: number | null): void {
    const { connectionStatus: status } = this.#runner
    const number = typeof id === 'number' ? `, number ${id} of the server` : ''
    const transaction = status === 'transaction' || status === 'failed' ? ', and rolled its transaction back' : ''
    const place = this.#site ? `: it was made at ${String(this.#site)}` : ''
    const message =
      `db.close() ended a connection of ${database} that a query runner still had${number}${transaction}. ` +
      `Await what uses it, and release it in a finally block${place}.`
    const event: ReportEvent = { kind: 'unreleased-runner', label: 'db.close', database, message }
    tellReport(event)
    printReport(event)
    this.#giveUp?.()
  }
}
