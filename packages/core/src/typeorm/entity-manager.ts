import {
  type DataSource,
  EntityManager,
  EntitySchema,
  type EntityTarget,
  type ObjectLiteral,
  type QueryRunner,
  type Repository,
  type TreeRepository,
} from 'typeorm'
import type { IsolationLevel } from '../drivers/internals.js'
import { isObject } from '../options.js'
import { takeSecrets } from '../plan/secrets.js'
import type { Session } from '../session/session.js'
import { asOperations, isJoined, scopeOfRunner } from './operations.js'
import { AlchemyRepository, AlchemyTreeRepository } from './repository.js'

/** TypeORM's entity manager, whose callback transactions are exclusive frames of the session when there is one. */
export class AlchemyEntityManager extends EntityManager {
  readonly #session: () => Session | undefined

  /** @param session Gives the session of the current scope. */
  constructor(dataSource: DataSource, session: () => Session | undefined, runner?: QueryRunner) {
    super(dataSource, runner)
    this.#session = session
  }

  override transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>
  override transaction<T>(isolation: IsolationLevel, work: (manager: EntityManager) => Promise<T>): Promise<T>
  override transaction<T>(
    first: IsolationLevel | ((manager: EntityManager) => Promise<T>),
    second?: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const session = this.#ownConnection() ? undefined : this.#session()
    if (!session) return typeof first === 'string' ? super.transaction(first, second ?? missing) : super.transaction(first)
    return session.transaction(() => (typeof first === 'function' ? first : (second ?? missing))(session.manager))
  }

  override getRepository<T extends ObjectLiteral>(target: EntityTarget<T>): Repository<T> {
    const known = this.repositories.get(target)
    if (known) return known
    const made = new AlchemyRepository<T>(target, this, this.queryRunner)
    this.repositories.set(target, made)
    return made
  }

  override getTreeRepository<T extends ObjectLiteral>(target: EntityTarget<T>): TreeRepository<T> {
    const known = this.treeRepositories.find((each) => each.target === target)
    if (known) return known
    const made = new AlchemyTreeRepository<T>(target, this, this.queryRunner)
    this.treeRepositories.push(made)
    return made
  }

  /** Whether it was made for a query runner that has a connection of its own, outside any session. */
  #ownConnection(): boolean {
    const runner: QueryRunner | undefined = this.queryRunner
    return runner !== undefined && !isJoined(runner)
  }
}

/** Saved objects hold what was written of a password, and not its text. */
Object.defineProperty(AlchemyEntityManager.prototype, 'save', {
  configurable: true,
  writable: true,
  value: async function save(this: AlchemyEntityManager, ...parameters: readonly unknown[]): Promise<unknown> {
    const [first, second] = parameters
    const [target, entities] = isTarget(first) ? [first, second] : [undefined, first]
    for (const each of [entities].flat()) {
      const of = isObject(each) ? (target ?? each.constructor) : undefined
      if (isObject(each) && isTarget(of) && this.dataSource.hasMetadata(of)) takeSecrets(this.dataSource.getMetadata(of), each)
    }
    // oxlint-disable-next-line typescript/unbound-method -- applied to this manager
    return Reflect.apply(EntityManager.prototype.save, this, parameters)
  },
})

function isTarget(value: unknown): value is EntityTarget<ObjectLiteral> {
  return typeof value === 'function' || typeof value === 'string' || value instanceof EntitySchema
}

function missing(): Promise<never> {
  return Promise.reject(new TypeError('transaction(isolation, work) needs work. Give a function.'))
}

asOperations(
  AlchemyEntityManager,
  [
    'average',
    'clear',
    'count',
    'countBy',
    'decrement',
    'delete',
    'deleteAll',
    'exists',
    'existsBy',
    'find',
    'findAndCount',
    'findAndCountBy',
    'findBy',
    'findOne',
    'findOneBy',
    'findOneByOrFail',
    'findOneOrFail',
    'increment',
    'insert',
    'maximum',
    'minimum',
    'preload',
    'query',
    'recover',
    'remove',
    'restore',
    'save',
    'softDelete',
    'softRemove',
    'sql',
    'sum',
    'transaction',
    'update',
    'updateAll',
    'upsert',
  ],
  ({ queryRunner }) => scopeOfRunner(queryRunner),
)
