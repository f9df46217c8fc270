import type { IsolationLevel } from '@active-alchemy/core'
import type { Answer, BindOptions } from '@active-alchemy/core/http'
import { type CustomDecorator, SetMetadata } from '@nestjs/common'

/** What a controller or a handler decides for itself. */
type RouteOptions = Pick<BindOptions, 'rollbackWhen' | 'isolation'>

const keys = { rollbackWhen: 'active-alchemy:rollback-when', isolation: 'active-alchemy:isolation' } as const
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
export function RollbackWhen(decide: (answer: Answer) => boolean): CustomDecorator {
  isUsed = true
  return SetMetadata(keys.rollbackWhen, decide)
}

/**
 * Gives the transactions of a controller or a handler an isolation level, in place of the module's `isolation`. What runs before its
 * handler, a guard, must not have written.
 *
 * @param level Of the SQL standard.
 * @since 0.2
 * @example
 * @Isolation('SERIALIZABLE')
 * @Post('transfers')
 * transfer() { … }
 */
export function Isolation(level: IsolationLevel): CustomDecorator {
  isUsed = true
  return SetMetadata(keys.isolation, level)
}

/** Whether anything in this process was decided: only then is there something to hand on. */
export function usesRouteDecorators(): boolean {
  return isUsed
}

/** What was decided for a handler: by itself, or by its controller; `undefined` where nothing was. */
export function routeOptionsOf(handler: object, controller: object): RouteOptions | undefined {
  const said = (key: string): unknown => Reflect.getMetadata(key, handler) ?? Reflect.getMetadata(key, controller)
  const options: object = { rollbackWhen: said(keys.rollbackWhen), isolation: said(keys.isolation) }
  return Object.values(options).some((option) => option !== undefined) ? options : undefined
}
