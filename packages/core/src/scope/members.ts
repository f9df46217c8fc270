import { CommitError, SessionFailedError } from '../errors.js'
import type { Eventual } from '../eventual.js'
import type { Hook } from './hooks.js'
import type { ReportEvent } from './report.js'

/** One database's part of a scope. What has nothing to wait for gives no promise. */
export interface ScopeMember {
  /** Name of the database, for messages. */
  readonly name: string
  /** Whether its end has to be waited for: it holds a transaction, or a statement failed. Reads alone leave nothing behind. */
  readonly touched: boolean
  /** Rows written and not yet committed. */
  readonly written: number
  /** Whether it holds a connection with an open transaction. */
  readonly inTransaction?: boolean
  /** Whether a rollback would undo something. */
  readonly holdsWork?: boolean
  /** The first failed statement: it can only be rolled back. */
  readonly failure: unknown
  /** Ends it where there is nothing to wait for. @param commits Whether the scope ends with success. */
  end(commits: boolean): void
  /** Ends the statements under way, here and on the server: nobody waits for them any more. @param reason What they fail with. */
  cancel(reason: Error): void
  /** Waits for the statements under way; new ones are refused by the scope. */
  close(): Promise<void> | undefined
  /** Commits or rolls back; a commit rejects unless the server says that it did. */
  settle(how: 'commit' | 'rollback'): Promise<void>
  /** Gives the connection back. */
  release(): Eventual<void>
  /** The functions to call, by how it has ended; each is given out once. */
  takeHooks(): readonly Hook[]
}

/** The members of a scope at its end: they commit one after the other, or all roll back. */
export class Members {
  readonly all: readonly ScopeMember[]
  readonly #label: string
  readonly #report: (event: ReportEvent) => void

  /** @param label Of the scope, for messages. */
  constructor(members: Iterable<ScopeMember>, label: string, report: (event: ReportEvent) => void) {
    this.all = [...members]
    this.#label = label
    this.#report = report
  }

  /** Rows written and not yet committed. */
  get written(): number {
    return this.all.reduce((sum, member) => sum + member.written, 0)
  }

  /** The end of the statements under way; `undefined` where there are none. */
  close(): Promise<void> | undefined {
    const closing = this.all.flatMap((member) => member.close() ?? [])
    return closing.length === 0 ? undefined : Promise.all(closing).then(() => undefined)
  }

  /** @throws {SessionFailedError} A statement of one has failed. */
  refuseFailed(): void {
    const failed = this.all.find((member) => member.failure !== undefined)
    if (failed) throw new SessionFailedError(failed.failure, this.#label)
  }

  /** @throws {CommitError} Some have committed and one has not. @throws What it failed with, where none has. */
  async commit(): Promise<void> {
    const committed: ScopeMember[] = []
    for (const member of this.all) {
      try {
        await member.settle('commit')
        committed.push(member)
      } catch (error) {
        const rest = this.all.slice(committed.length)
        await this.#rollBack(rest)
        const lost = rest.filter((each) => each === member || each.touched)
        const kept = committed.filter((each) => each.touched)
        const reason = commitFailure(kept, lost, error)
        this.#report({
          kind: 'commit-failed',
          label: this.#label,
          database: member.name,
          error: reason,
          message: `The commit of ${this.#label} failed on ${member.name}.`,
        })
        throw reason
      }
    }
  }

  /** What fails is reported. */
  rollBack(): Promise<void> {
    return this.#rollBack(this.all)
  }

  async #rollBack(members: readonly ScopeMember[]): Promise<void> {
    for (const member of members) {
      try {
        await member.settle('rollback')
      } catch (error) {
        this.reportFailure('rollback', member, error)
      }
    }
  }

  /** The functions to call, by how they have ended. */
  takeHooks(): Hook[] {
    return this.all.flatMap((member) => member.takeHooks())
  }

  /** A failure while cleaning up is reported; it never hides the first error. */
  reportFailure(what: 'rollback' | 'release', { name }: ScopeMember, error: unknown): void {
    const label = this.#label
    this.#report({ kind: `${what}-failed`, label, database: name, error, message: `The ${what} of ${label} failed on ${name}.` })
  }
}

/** What commits that came one after the other have failed with: that some are kept and some lost; or `error` itself, where none is kept. */
export function commitFailure(kept: readonly Named[], lost: readonly Named[], error: unknown): unknown {
  return kept.length === 0 ? error : new CommitError(namesOf(kept), namesOf(lost), error)
}

type Named = Pick<ScopeMember, 'name'>

function namesOf(members: readonly Named[]): string[] {
  return members.map((member) => member.name)
}
