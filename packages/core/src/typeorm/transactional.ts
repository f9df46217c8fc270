import { UnsupportedError } from '../errors.js'

/** A method that can run as a transaction. */
type Method = (this: unknown, ...parameters: unknown[]) => Promise<unknown>

/** What `db.Transactional()` gives: a decorator of async methods, whichever way decorators are compiled. @since 0.1 */
export interface TransactionalDecorator {
  <Parameters extends unknown[], Result>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<(...parameters: Parameters) => Promise<Result>>,
  ): void
  <This, Parameters extends unknown[], Result>(
    method: (this: This, ...parameters: Parameters) => Promise<Result>,
    context: ClassMethodDecoratorContext<This>,
  ): (this: This, ...parameters: Parameters) => Promise<Result>
}

/**
 * A decorator of methods.
 *
 * @param transact Runs the call of a method as one transaction, by its name: `Orders.place`.
 * @throws {UnsupportedError} It stands on something else than a method.
 */
export function transactional(transact: <T>(call: () => Promise<T>, label: string) => Promise<T>): TransactionalDecorator {
  const wrapped = (method: unknown): Method => {
    if (typeof method !== 'function') throw new UnsupportedError('@db.Transactional() there', 'Put it on an async method.')
    return resembling(method, function (this: unknown, ...parameters) {
      return transact(async () => Reflect.apply(method, this, parameters) as unknown, labelOf(this, method.name))
    })
  }
  // What was compiled in the standard way gets the method, and gives another; the older way changes the descriptor.
  const decorator = (target: unknown, _context: unknown, descriptor?: PropertyDescriptor): Method | undefined => {
    if (!descriptor) return wrapped(target)
    descriptor.value = wrapped(descriptor.value)
    return undefined
  }
  // Overloads cannot be written as one function.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  return decorator as TransactionalDecorator
}

/** Of a static method, the class is what it is called on. */
function labelOf(owner: unknown, method: string): string {
  const made = typeof owner === 'object' && owner !== null ? owner.constructor : owner
  return typeof made === 'function' && made.name !== '' ? `${made.name}.${method}` : method
}

/** `wrapper` with the name of `method`, and with what other decorators have said of it: that it is a route, or a job. */
function resembling(method: object, wrapper: Method): Method {
  for (const key of Reflect.ownKeys(method)) {
    const described = Object.getOwnPropertyDescriptor(method, key)
    if (described && key !== 'prototype') Object.defineProperty(wrapper, key, described)
  }
  // Of the package reflect-metadata, where the application has it.
  const { getOwnMetadataKeys, getOwnMetadata, defineMetadata }: Partial<MetadataApi> = Reflect
  if (!getOwnMetadataKeys || !getOwnMetadata || !defineMetadata) return wrapper
  for (const key of getOwnMetadataKeys(method)) defineMetadata(key, getOwnMetadata(key, method), wrapper)
  return wrapper
}

/** The part of reflect-metadata that we use. */
interface MetadataApi {
  getOwnMetadataKeys(target: object): unknown[]
  getOwnMetadata(key: unknown, target: object): unknown
  defineMetadata(key: unknown, value: unknown, target: object): void
}
