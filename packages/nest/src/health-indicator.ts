import type { ActiveAlchemy, Health, HealthOptions } from '@active-alchemy/core'
import { InvalidOptionError } from '@active-alchemy/core'

/** The state of a database, in the shape of Terminus; with what `db.health()` tells. @since 0.1 */
export type AlchemyHealth<Key extends string = string> = Record<
  Key,
  Omit<Health, 'ok' | 'error'> & ({ readonly status: 'up' } | { readonly status: 'down'; readonly code: string })
>

/**
 * Tells whether a database answers: for `HealthCheckService.check` of `@nestjs/terminus`, or alone.
 *
 * It does not wait in the line for connections: `busy` says that all of them were in use.
 *
 * @since 0.1
 * @example
 * @Controller('health')
 * class Health {
 *   constructor(
 *     private readonly health: HealthCheckService,
 *     private readonly alchemy: AlchemyHealthIndicator,
 *   ) {}
 *
 *   @Get()
 *   @HealthCheck()
 *   check() {
 *     return this.health.check([() => this.alchemy.isHealthy('database')])
 *   }
 * }
 */
export class AlchemyHealthIndicator {
  constructor(private readonly databaseOf: (name: string | undefined) => ActiveAlchemy | undefined) {}

  /**
   * @param key Under which Terminus shows it.
   * @param name The database's, if it has one.
   * @param options As of `db.health()`: `{ migrations: true }` for a readiness check.
   * @throws {InvalidOptionError} No database has this name, or an option is unknown.
   */
  isHealthy(key?: 'database', name?: string, options?: HealthOptions): Promise<AlchemyHealth<'database'>>
  isHealthy<Key extends string>(key: Key, name?: string, options?: HealthOptions): Promise<AlchemyHealth<Key>>
  async isHealthy(key = 'database', name?: string, options?: HealthOptions): Promise<AlchemyHealth> {
    const db = this.databaseOf(name)
    if (!db) throw new InvalidOptionError('name', 'the name of a database of AlchemyModule.forRoot', name)
    const { ok: _ok, error, ...health } = await db.health(options)
    return { [key]: error === undefined ? { status: 'up', ...health } : { status: 'down', code: error, ...health } }
  }
}
