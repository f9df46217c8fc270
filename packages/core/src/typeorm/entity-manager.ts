import { type DataSource, EntityManager, type QueryRunner } from 'typeorm'
import type { IsolationLevel } from '../drivers/internals.js'

/** Where an entity manager finds the session of the current scope. */
interface SessionFinder {
  session(): { readonly manager: EntityManager; transaction<T>(work: () => Promise<T>): Promise<T> } | undefined
}

/** TypeORM's entity manager, whose callback transactions are exclusive frames of the session when there is one. */
export class AlchemyEntityManager extends EntityManager {
  readonly #sessions: SessionFinder

  constructor(dataSource: DataSource & SessionFinder, runner?: QueryRunner) {
    super(dataSource, runner)
    this.#sessions = dataSource
  }

  override transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>
  override transaction<T>(isolation: IsolationLevel, work: (manager: EntityManager) => Promise<T>): Promise<T>
  override transaction<T>(
    first: IsolationLevel | ((manager: EntityManager) => Promise<T>),
    second?: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const session = this.#ownConnection() ? undefined : this.#sessions.session()
    if (!session) return typeof first === 'string' ? super.transaction(first, second ?? missing) : super.transaction(first)
    return session.transaction(() => (typeof first === 'function' ? first : (second ?? missing))(session.manager))
  }

  /** Whether it was made for a query runner that has a connection of its own, outside any session. */
  #ownConnection(): boolean {
    const runner: QueryRunner | undefined = this.queryRunner
    return runner !== undefined && !('asRead' in runner)
  }
}

function missing(): Promise<never> {
  return Promise.reject(new TypeError('transaction(isolation, work) needs work. Give a function.'))
}
