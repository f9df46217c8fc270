import type { IncomingMessage, ServerResponse } from 'node:http'
import { bindHttp, scopeOf } from '@active-alchemy/core/http'
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common'
import type { Binding } from './binding.js'
import { routeOptionsOf } from './route-decorators.js'

/** Refuses what runs outside the scope of its request, and hands on what `@RollbackWhen` and `@Isolation` decided. */
@Injectable()
export class AlchemyGuard implements CanActivate {
  constructor(private readonly binding: Binding) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true
    const req = this.binding.raw<IncomingMessage>(context.getArgByIndex(0))
    const [handler, controller] = [context.getHandler(), context.getClass()]
    const refusal = this.binding.refusal(req, `${controller.name}.${handler.name}`)
    if (refusal) throw refusal
    const options = routeOptionsOf(handler, controller)
    if (!options || !scopeOf(req)) return true
    bindHttp(req, this.binding.raw<ServerResponse>(context.getArgByIndex(1)), () => undefined, options)
    return true
  }
}
