/** What a scope has waited for, in milliseconds, as the header `Server-Timing` tells it. */
export class Timings {
  #statements = 0
  #database = 0
  #pool: number | undefined
  #end: number | undefined

  /** Notes a statement that was answered, or has failed. */
  statement(milliseconds: number): void {
    this.#statements += 1
    this.#database += milliseconds
  }

  /** Notes a wait for a connection, or for SQLite's one writer. */
  connection(milliseconds: number): void {
    this.#pool = (this.#pool ?? 0) + milliseconds
  }

  /** Notes how long the end of the scope is waited for, which is asked for more than once. */
  until(settled: Promise<void>): void {
    if (this.#end !== undefined) return
    const startedAt = performance.now()
    const note = (): void => void (this.#end = performance.now() - startedAt)
    this.#end = 0
    settled.then(note, note)
  }

  /** The header. @param end What the scope has ended by. */
  header(end: 'commit' | 'rollback'): string {
    const count = `${this.#statements} statement${this.#statements === 1 ? '' : 's'}`
    const entries = [
      ...(this.#pool === undefined ? [] : [`pool;dur=${this.#pool.toFixed(1)}`]),
      `db;dur=${this.#database.toFixed(1)};desc="${count}"`,
      ...(this.#end === undefined ? [] : [`${end};dur=${this.#end.toFixed(1)}`]),
    ]
    return entries.join(', ')
  }
}
