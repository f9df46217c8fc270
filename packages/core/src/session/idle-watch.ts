import { type CallSite, wantCallSites } from '../scope/call-site.js'
import type { Scope } from '../scope/scope.js'

/** A transaction that is open and does nothing for longer than this is reported, in milliseconds. */
const idleLimitMs = 1_000

/** Tells of an open transaction that waited for the application: time in which our own code is at work does not count. */
export class IdleWatch {
  readonly #scope: Scope
  readonly #database: string
  #working = 0
  #since: { readonly at: number; readonly site: CallSite | undefined } | undefined

  /** @param database Its name, for messages. */
  constructor(scope: Scope, database: string) {
    this.#scope = scope
    this.#database = database
  }

  /** Our own code is at work. */
  begin(): void {
    this.#working += 1
    const since = this.#since
    this.#since = undefined
    if (since) this.#report(performance.now() - since.at, since.site)
  }

  /** Our own code waits for the application's. @param isOpen Whether a transaction is open meanwhile. */
  end(isOpen: boolean): void {
    this.#working -= 1
    if (this.#working === 0 && isOpen) this.#since = { at: performance.now(), site: this.#scope.site }
  }

  /** There is no transaction any more. */
  forget(): void {
    this.#since = undefined
  }

  #report(idleMs: number, site: CallSite | undefined): void {
    if (idleMs <= idleLimitMs) return
    wantCallSites()
    const { label, site: next } = this.#scope
    this.#scope.report({
      kind: 'idle-in-transaction',
      label,
      database: this.#database,
      message:
        `A transaction of ${label} did nothing for ${(idleMs / 1_000).toFixed(1)} s, and kept its connection and locks. ` +
        `Call db.commit() before slow work. Last statement ${place(site)}, next ${place(next)}.`,
    })
  }
}

function place(site: CallSite | undefined): string {
  const text = site?.toString() ?? ''
  return text === '' ? 'unknown' : text
}
