import type { Answer } from '@active-alchemy/core/http'
import { type CustomDecorator, SetMetadata } from '@nestjs/common'

type Decision = (answer: Answer) => boolean

const key = 'active-alchemy:rollback-when'
let isUsed = false

/**
 * Decides for a controller or a handler which of its answers roll back, in place of the module's `rollbackWhen`.
 *
 * @param decide Gets the `status` that is about to leave, the raw `req`, and the `error` if something was thrown.
 * @since 0.1
 * @example
 * @RollbackWhen(({ status }) => status >= 500)
 * @Post('login')
 * login() { … }
 */
export function RollbackWhen(decide: Decision): CustomDecorator {
  isUsed = true
  return SetMetadata(key, decide)
}

/** Whether anything in this process was decided: only then is there something to hand on. */
export function usesRollbackWhen(): boolean {
  return isUsed
}

/** What was decided for a handler: by itself, or by its controller. */
export function rollbackWhenOf(handler: object, controller: object): Decision | undefined {
  return Reflect.getMetadata(key, handler) ?? Reflect.getMetadata(key, controller)
}
