import type { IncomingMessage, ServerResponse } from 'node:http'
import { NoScopeError } from '@active-alchemy/core'
import {
  bindHttp,
  type BindOptions,
  currentScope,
  failReply,
  type FastifyReplyLike,
  flag,
  isSkipped,
  type ObservedWork,
  observeHttp,
  observeWork,
  readBindOptions,
  scopeOf,
  sendFailure,
} from '@active-alchemy/core/http'
import { type HttpServer, Injectable } from '@nestjs/common'
import { usesRouteDecorators } from './route-decorators.js'

type Next = (error?: unknown) => void

/** What is needed of Fastify, which an application on Express does not install. */
interface FastifyHooks {
  addHook(
    name: 'onRequest' | 'preHandler',
    hook: (request: { raw: IncomingMessage }, reply: FastifyReplyLike, done: (error?: Error) => void) => void,
  ): unknown
}

/** How requests are bound to sessions, and how errors are answered. @since 0.2 */
export interface NestBindOptions extends BindOptions {
  /**
   * Answers an error of the database as `application/problem+json` (RFC 9457): `type`, `title`, `status`, `code`, and where the
   * client may see it `detail` and `columns`. @default false: in the shape of Nest's own errors
   */
  readonly json?: boolean | undefined
}

/** Reads them. @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have. */
export function readNestOptions(given: unknown) {
  return readBindOptions(given, 'AlchemyModule.forRoot({ db })', { json: flag })
}

/** Ties the requests of one application to scopes. */
@Injectable()
export class Binding {
  #options: NestBindOptions = readNestOptions(undefined)
  #isMounted = false
  /** Whether handlers get wrappers of the raw messages: those of Express are the raw ones. */
  #wraps = false
  readonly #replies = new WeakMap<IncomingMessage, FastifyReplyLike>()

  /** Later options overrule earlier ones, name by name. */
  configure(options: NestBindOptions): void {
    const given = Object.entries(options).filter(([, value]) => value !== undefined)
    this.#options = { ...this.#options, ...Object.fromEntries(given) }
  }

  /** Whether requests are watched, and not bound. */
  get observes(): boolean {
    return this.#options.mode === 'observe'
  }

  /** Watches a message. @param label What it is called in reports. */
  watch(label: string): ObservedWork {
    return observeWork(label, this.#options)
  }

  /** Whether errors are answered as problem documents. */
  get json(): boolean {
    return this.#options.json ?? false
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
    const fastify: FastifyHooks = platform.getInstance()
    fastify.addHook('onRequest', (request, reply, done) => {
      const { raw: req } = request
      if (beforeMiddleware) this.#replies.set(req, reply)
      this.#enter(
        req,
        reply.raw,
        () => done(),
        (error) => failReply(reply, error, this.json),
        request,
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
    return !this.#wraps || usesRouteDecorators()
  }

  /**
   * Lets no handler run outside the scope of its request: work would then commit by itself, whatever the answer says.
   *
   * The binding has no way around it; but an application may answer before it starts, and a callback of a pooled socket may have
   * lost the context.
   */
  refusal(req: IncomingMessage, handler: string): NoScopeError | undefined {
    const scope = scopeOf(req)
    if (this.observes || (scope !== undefined && scope === currentScope())) return undefined
    if (scope === undefined && isSkipped(this.#options, req)) return undefined
    return new NoScopeError(`${handler}, for ${req.method} ${req.url},`)
  }

  /** The raw message under what a handler gets. */
  raw<Message extends object>(given: Message | { readonly raw: Message }): Message {
    return this.#isWrapped(given) ? given.raw : given
  }

  /** Fastify wraps them; nothing else has one inside. */
  #isWrapped<Message extends object>(given: Message | { readonly raw: Message }): given is { readonly raw: Message } {
    return this.#wraps && 'raw' in given
  }

  #enter(req: IncomingMessage, res: ServerResponse, next: Next, fail: (error: unknown) => void, carrier: object = req): void {
    if (isSkipped(this.#options, req)) {
      next()
      return
    }
    if (this.observes) observeHttp(req, res, this.#options, carrier).run(() => next())
    else bindHttp(req, res, fail, this.#options, carrier).run(() => next())
  }

  #fail(req: IncomingMessage, res: ServerResponse, error: unknown): void {
    const reply = this.#replies.get(req)
    if (reply) failReply(reply, error, this.json)
    else sendFailure(res, error, this.json)
  }
}
