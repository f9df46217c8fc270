import type { DriverRunner } from '../drivers/driver.js'

/** The settings that the server knows in the open transaction: it is told only what has changed since. */
export class SentSettings {
  /** `undefined` where it is not known what the server has. */
  #known: ReadonlyMap<string, string | undefined> = nothing

  /** A new transaction knows none. */
  clear(): void {
    this.#known = nothing
  }

  /** A rollback takes settings back on some databases, and not on others: the server is told all of them again. */
  doubt(): void {
    this.#known = new Map(Array.from(this.#known.keys(), (key) => [key, undefined]))
  }

  /** Makes `settings` those that hold. @returns `undefined` where there is nothing to tell. */
  send(settings: ReadonlyMap<string, string>, runner: DriverRunner): Promise<void> | undefined {
    if (settings.size + this.#known.size === 0) return undefined
    const changes = new Map<string, string | null>()
    for (const key of this.#known.keys()) if (!settings.has(key)) changes.set(key, null)
    for (const [key, value] of settings) if (this.#known.get(key) !== value) changes.set(key, value)
    return changes.size === 0 ? undefined : this.#tell(changes, settings, runner)
  }

  async #tell(changes: ReadonlyMap<string, string | null>, settings: ReadonlyMap<string, string>, runner: DriverRunner): Promise<void> {
    await runner.setLocal(changes)
    this.#known = new Map(settings)
  }
}

const nothing: ReadonlyMap<string, string | undefined> = new Map()
