import type { IncomingMessage, ServerResponse } from 'node:http'
import { bindHttp, scopeOf } from '@active-alchemy/core/http'
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common'
import type { Binding } from './binding.js'
import { rollbackWhenOf } from './rollback-when-decorator.js'

/** Refuses what runs outside the scope of its request, and hands on what `@RollbackWhen` decided. */
@Injectable()
export class AlchemyGuard implements CanActivate {
  constructor(private readonly binding: Binding) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true
    const req = this.binding.raw<IncomingMessage>(context.getArgByIndex(0))
    const [handler, controller] = [context.getHandler(), context.getClass()]
    const refusal = this.binding.refusal(req, `${controller.name}.${handler.name}`)
    if (refusal) throw refusal
    const rollbackWhen = rollbackWhenOf(handler, controller)
    if (!rollbackWhen || !scopeOf(req)) return true
    bindHttp(req, this.binding.raw<ServerResponse>(context.getArgByIndex(1)), () => undefined, { rollbackWhen })
    return true
  }
}
