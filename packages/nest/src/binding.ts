import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import { NoScopeError } from '@active-alchemy/core'
import { bindHttp, type BindOptions, currentScope, describesBody, noteError, scopeOf } from '@active-alchemy/core/http'
import { type CanActivate, Catch, type ExceptionFilter, type ExecutionContext, type HttpServer, Injectable } from '@nestjs/common'
import { rollbackWhenOf, usesRollbackWhen } from './rollback-when.js'

type Next = (error?: unknown) => void

/** What is needed of Fastify, which an application on Express does not install. */
interface FastifyHooks {
  addHook(
    name: 'onRequest' | 'preHandler',
    hook: (request: { raw: IncomingMessage }, reply: FastifyReply, done: (error?: Error) => void) => void,
  ): unknown
}
interface FastifyReply {
  readonly raw: ServerResponse
  readonly sent: boolean
  getHeaders(): object
  removeHeader(name: string): unknown
  code(status: number): FastifyReply
  send(payload: unknown): unknown
}

/** Ties the requests of one application to scopes. */
@Injectable()
export class Binding {
  #options: BindOptions = {}
  #isMounted = false
  /** Whether handlers get wrappers of the raw messages: those of Express are the raw ones. */
  #wraps = false
  readonly #replies = new WeakMap<IncomingMessage, FastifyReply>()

  /** Later options overrule earlier ones, name by name. */
  configure(options: BindOptions): void {
    this.#options = { ...this.#options, ...options }
  }

  /**
   * Mounts on the platform itself, without a path: what Nest does with paths, prefixes and versions cannot pass it by.
   *
   * @param beforeMiddleware Whether other modules have middleware, which must find the scope.
   */
  mount(platform: HttpServer, beforeMiddleware: boolean): void {
    if (this.#isMounted) return
    this.#isMounted = true
    this.#wraps = platform.getType() === 'fastify'
    if (!this.#wraps) {
      platform.use((req: IncomingMessage, res: ServerResponse, next: Next) => this.#enter(req, res, next, next))
      return
    }
    // Middleware of Nest runs before the hooks that come now. It costs on every request, so it is used only where there is some.
    if (beforeMiddleware) {
      platform.use((req: IncomingMessage, res: ServerResponse, next: Next) =>
        this.#enter(req, res, next, (error) => this.#fail(req, res, error)),
      )
    }
    const fastify = platform.getInstance() as FastifyHooks
    fastify.addHook('onRequest', ({ raw: req }, reply, done) => {
      if (beforeMiddleware) this.#replies.set(req, reply)
      this.#enter(
        req,
        reply.raw,
        () => done(),
        (error) => answer(reply, error),
      )
    })
    // Hooks of others may have lost the context, in a callback of a pooled socket: the handler runs in the scope of its request.
    fastify.addHook('preHandler', ({ raw: req }, _reply, done) => {
      const scope = scopeOf(req)
      if (scope && scope !== currentScope()) scope.run(() => done())
      else done(this.refusal(req, 'A handler'))
    })
  }

  /** Whether a guard has work to do: a hook of Fastify, which no promise delays, has looked already. */
  get needsGuard(): boolean {
    return !this.#wraps || usesRollbackWhen()
  }

  /**
   * Lets no handler run outside the scope of its request: work would then commit by itself, whatever the answer says.
   *
   * The binding has no way around it; but an application may answer before it starts, and a callback of a pooled socket may have
   * lost the context.
   */
  refusal(req: IncomingMessage, handler: string): NoScopeError | undefined {
    const scope = scopeOf(req)
    if (scope !== undefined && scope === currentScope()) return undefined
    if (scope === undefined && this.#options.skip?.(req)) return undefined
    return new NoScopeError(`${handler}, for ${req.method} ${req.url},`)
  }

  /** The raw message under what a handler gets. */
  raw<Message extends object>(given: Message | { readonly raw: Message }): Message {
    return this.#wraps && 'raw' in given ? given.raw : (given as Message)
  }

  #enter(req: IncomingMessage, res: ServerResponse, next: Next, fail: (error: unknown) => void): void {
    if (this.#options.skip?.(req)) {
      next()
      return
    }
    bindHttp(req, res, fail, this.#options).run(() => next())
  }

  #fail(req: IncomingMessage, res: ServerResponse, error: unknown): void {
    const reply = this.#replies.get(req)
    if (reply) answer(reply, error)
    else answerRaw(res, statusOf(error))
  }
}

/** Refuses what runs outside the scope of its request, and hands on what `@RollbackWhen` decided. */
@Injectable()
export class AlchemyGuard implements CanActivate {
  readonly #binding: Binding

  constructor(binding: Binding) {
    this.#binding = binding
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true
    const req = this.#binding.raw<IncomingMessage>(context.getArgByIndex(0))
    const [handler, controller] = [context.getHandler(), context.getClass()]
    const refusal = this.#binding.refusal(req, `${controller.name}.${handler.name}`)
    if (refusal) throw refusal
    const rollbackWhen = rollbackWhenOf(handler, controller)
    if (!rollbackWhen || !scopeOf(req)) return true
    bindHttp(req, this.#binding.raw<ServerResponse>(context.getArgByIndex(1)), () => undefined, { rollbackWhen })
    return true
  }
}

/** Matches no error; that it is asked about each one is what it is for. */
class Witnessed {
  static [Symbol.hasInstance](error: unknown): boolean {
    const scope = currentScope()
    if (scope) noteError(scope, error)
    return false
  }
}

/** The first filter that Nest asks about an error; it notes it, and leaves it to the others. */
@Catch(Witnessed)
export class WitnessFilter implements ExceptionFilter {
  catch(): void {}
}

/** Answers in place of an answer whose commit failed. */
function answer(reply: FastifyReply, error: unknown): void {
  const status = statusOf(error)
  if (reply.sent) {
    // Hijacked: Fastify answers nothing any more.
    answerRaw(reply.raw, status)
    return
  }
  for (const name of Object.keys(reply.getHeaders())) if (describesBody.test(name)) reply.removeHeader(name)
  reply.code(status).send(error)
}

function answerRaw(res: ServerResponse, status: number): void {
  const body = JSON.stringify({ statusCode: status, message: STATUS_CODES[status] })
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length }).end(body)
}

function statusOf(error: unknown): number {
  const status: unknown = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 ? status : 500
}
