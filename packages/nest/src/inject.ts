import { type ActiveAlchemy, Session } from '@active-alchemy/core'
import { Inject } from '@nestjs/common'

/**
 * Injects the database of `AlchemyModule.forRoot({ db, name })`.
 *
 * @since 0.1
 * @example
 * @Injectable()
 * class Reports {
 *   constructor(@InjectAlchemy() private readonly db: ActiveAlchemy) {}
 * }
 */
export function InjectAlchemy(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getAlchemyToken(name))
}

/**
 * Injects the session of the database `name`: in every request, job or message the one that is current there.
 *
 * @since 0.1
 * @example
 * @Injectable()
 * class Reports {
 *   constructor(@InjectSession() private readonly session: Session) {}
 * }
 */
export function InjectSession(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getSessionToken(name))
}

/**
 * Injects a model of `AlchemyModule.forFeature([User])`.
 *
 * @since 0.1
 * @example
 * @Injectable()
 * class Reports {
 *   constructor(@InjectModel(User) private readonly users: typeof User) {}
 * }
 */
export function InjectModel(model: abstract new (...values: never[]) => object): ParameterDecorator & PropertyDecorator {
  return Inject(getModelToken(model))
}

/**
 * Token of a database: to inject it into a factory, or to override it in a test.
 *
 * @since 0.1
 * @example
 * Test.createTestingModule({ imports: [AppModule] }).overrideProvider(getAlchemyToken()).useValue(db)
 */
export function getAlchemyToken(name?: string): string {
  return name === undefined ? 'ActiveAlchemy' : `ActiveAlchemy(${name})`
}

/**
 * Token of the session of a database.
 *
 * @since 0.1
 * @example
 * class Reports {
 *   constructor(private readonly session: Session) {}
 * }
 * const provider = { provide: Reports, inject: [getSessionToken()], useFactory: (session: Session) => new Reports(session) }
 */
export function getSessionToken(name?: string): string {
  return name === undefined ? 'Session' : `Session(${name})`
}

const modelTokens = new WeakMap<object, symbol>()

/**
 * Token of a model: to override it in a test.
 *
 * @since 0.1
 * @example
 * Test.createTestingModule({ imports: [AppModule] }).overrideProvider(getModelToken(User)).useValue({ count: async () => 3 })
 */
export function getModelToken(model: abstract new (...values: never[]) => object): symbol {
  const token = modelTokens.get(model) ?? Symbol(`Model(${model.name})`)
  modelTokens.set(model, token)
  return token
}

/**
 * A session that stays the same while the scope changes: each access is made to the current one.
 *
 * Its methods can be looked at outside any scope, as modules do that search all providers for their decorators.
 */
export function currentSession(db: ActiveAlchemy): Session {
  const target: Session = Object.create(Session.prototype)
  return new Proxy(target, {
    get(_target, key) {
      // Nest asks what it injects for its hooks.
      if (!(key in target) || key in Object.prototype) return Reflect.get(Object.prototype, key) as unknown
      if (isMethod(key)) return (...parameters: unknown[]): unknown => call(db.session, key, parameters)
      return Reflect.get(db.session, key) as unknown
    },
  })
}

/** Without a look at a session, which its getters would need. */
function isMethod(key: PropertyKey): boolean {
  let owner: object | null = Session.prototype
  while (owner && !Object.hasOwn(owner, key)) owner = Object.getPrototypeOf(owner)
  return typeof (owner && Object.getOwnPropertyDescriptor(owner, key)?.value) === 'function'
}

function call(session: Session, key: PropertyKey, parameters: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(session, key)
  return typeof method === 'function' ? Reflect.apply(method, session, parameters) : method
}
