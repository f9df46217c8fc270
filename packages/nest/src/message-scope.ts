import { currentScope, noteError, type ObservedWork, type Outcome, Scope } from '@active-alchemy/core/http'
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common'
import { Observable, tap } from 'rxjs'
import type { Binding } from './binding.js'

/**
 * The boundary of a message of a microservice or a WebSocket: one scope, committed before its answer is sent, rolled back on an
 * error and when nobody waits for it any more. An HTTP request has its scope already; there it notes what its stream throws.
 *
 * `AlchemyModule` puts it on every message handler and gateway that the application has when it starts. What is loaded later
 * takes it by `@UseInterceptors(AlchemyInterceptor)`.
 *
 * @since 0.1
 * @example
 * @UseInterceptors(AlchemyInterceptor)
 * @WebSocketGateway()
 * class Notes {}
 */
@Injectable()
export class AlchemyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const type = context.getType()
    const current = currentScope()
    if (type === 'http') return current ? next.handle().pipe(tap({ error: (error: unknown) => noteError(current, error) })) : next.handle()
    if (type !== 'rpc' && type !== 'ws') return next.handle()
    const label = `${type} ${context.getClass().name}.${context.getHandler().name}`
    const binding = bindings.get(context.getClass())
    if (binding?.observes) return watched(binding.watch(label), () => next.handle())
    // Twice on one handler it is one scope.
    if (current?.state === 'open' && messages.has(current)) return next.handle()
    return inScope(label, () => next.handle())
  }
}

const messages = new WeakSet<Scope>()

/** How the application is bound whose messages a class answers: the last one, of several. */
export const bindings = new WeakMap<object, Binding>()

/** Nothing of it is changed. */
function watched(observed: ObservedWork, work: () => Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) =>
    observed.run(() =>
      work().subscribe({
        next: (value) => subscriber.next(value),
        error: (error: unknown) => {
          observed.ended(true)
          subscriber.error(error)
        },
        complete: () => {
          observed.ended(false)
          subscriber.complete()
        },
      }),
    ),
  )
}

/** Values pass while nothing waits for a commit; from then on they wait for it. */
function inScope(label: string, work: () => Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) => {
    const scope = new Scope({ label })
    messages.add(scope)
    const held: unknown[] = []
    const settle = (outcome: Outcome, then: () => void): void => {
      const pending = scope.settle(outcome)
      if (pending) pending.then(then, (error: unknown) => subscriber.error(error))
      else then()
    }
    const complete = (): void => {
      settle({ commit: true }, () => {
        for (const value of held) subscriber.next(value)
        subscriber.complete()
      })
    }
    const observer = {
      next: (value: unknown): void => {
        if (held.length === 0 && !scope.isPending) subscriber.next(value)
        else held.push(value)
        // Ended from outside, as by a timeout: an answer that streams for ever would wait for ever.
        if (scope.state !== 'open') complete()
      },
      error: (error: unknown): void => settle({ commit: false, reason: 'error', error }, () => subscriber.error(error)),
      complete,
    }
    // Nest runs the handler in the context of the call, and what it streams in that of the subscription.
    const source = scope.run(() => work().subscribe(observer))
    return () => {
      source.unsubscribe()
      void scope.settle({ commit: false, reason: 'abort' })
    }
  })
}
