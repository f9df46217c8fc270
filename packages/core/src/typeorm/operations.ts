import type { QueryRunner } from 'typeorm'
import { fromCall } from '../scope/observation.js'
import { beginOperation } from '../scope/operation.js'
import { currentScope, type Scope } from '../scope/scope.js'
import type { JoinedRunner } from './joined-runner.js'

/** Names of the methods of `T` that give a promise. */
export type AsyncMethod<T> = { [K in keyof T]: T[K] extends (...parameters: never[]) => Promise<unknown> ? K : never }[keyof T]

/**
 * Lets methods of a subclass of TypeORM's enter the scope at the call, as our verbs do.
 *
 * TypeORM asks for its query runner some microtasks after the call. Where nobody awaits the promise, the scope has ended
 * by then: the write would be lost behind an answer that says success, and its failure would end the process.
 *
 * @param Class The subclass; it gets methods of its own.
 * @param names Methods that it inherits or has.
 * @param scopeOf The scope that waits for the work of an object, if there is one.
 */
export function asOperations<T extends object>(
  Class: { readonly prototype: T },
  names: readonly AsyncMethod<T>[],
  scopeOf: (subject: T) => Scope | undefined,
): void {
  const { prototype } = Class
  for (const name of names) {
    const method: unknown = prototype[name]
    if (typeof method !== 'function') throw new TypeError(`${prototype.constructor.name} has no method ${String(name)}`)
    const begin = function (this: T, ...parameters: unknown[]): Promise<unknown> {
      const work = async (): Promise<unknown> => Reflect.apply(method, this, parameters) as unknown
      const scope = scopeOf(this)
      return scope ? beginOperation(work, scope) : fromCall(work)
    }
    Object.defineProperty(prototype, name, { value: begin, writable: true, configurable: true })
  }
}

/** The scope of a query runner: that of its session, none if it has a connection of its own. Without a runner, the current one. */
export function scopeOfRunner(runner: QueryRunner | undefined): Scope | undefined {
  if (!runner) return currentScope()
  return isJoined(runner) ? runner.scope : undefined
}

/** Whether a query runner sends its statements in a session. */
export function isJoined(runner: QueryRunner): runner is JoinedRunner {
  return 'scope' in runner
}
