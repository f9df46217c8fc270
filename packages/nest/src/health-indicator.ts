import type { ActiveAlchemy } from '@active-alchemy/core'
import { InvalidOptionError } from '@active-alchemy/core'

/** The state of a database, in the shape of Terminus. @since 0.1 */
export type AlchemyHealth<Key extends string = string> = Record<
  Key,
  { readonly status: 'up'; readonly busy: boolean } | { readonly status: 'down'; readonly code: string }
>

/**
 * Tells whether a database answers: for `HealthCheckService.check` of `@nestjs/terminus`, or alone.
 *
 * It does not wait in the line for connections: `busy` says that all of them were in use.
 *
 * @since 0.1
 * @example
 * this.health.check([() => this.alchemy.isHealthy('database')])
 */
export class AlchemyHealthIndicator {
  constructor(private readonly databaseOf: (name: string | undefined) => ActiveAlchemy | undefined) {}

  /**
   * @param key Under which Terminus shows it.
   * @param name The database's, if it has one.
   * @throws {InvalidOptionError} No database has this name.
   */
  isHealthy(key?: 'database', name?: string): Promise<AlchemyHealth<'database'>>
  isHealthy<Key extends string>(key: Key, name?: string): Promise<AlchemyHealth<Key>>
  async isHealthy(key = 'database', name?: string): Promise<AlchemyHealth> {
    const db = this.databaseOf(name)
    if (!db) throw new InvalidOptionError('name', 'the name of a database of AlchemyModule.forRoot', name)
    const health = await db.ping().then(
      (wasFree) => ({ status: 'up', busy: !wasFree }) as const,
      // Whoever asks for the health may be anybody: the message of a driver names hosts and users.
      (error: unknown) => ({ status: 'down', code: codeOf(error) }) as const,
    )
    return { [key]: health }
  }
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'UNKNOWN'
}
