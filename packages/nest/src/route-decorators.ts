import type { IsolationLevel } from '@active-alchemy/core'
import { type Answer, readRouteOptions, type RouteOptions } from '@active-alchemy/core/http'
import { type CustomDecorator, SetMetadata } from '@nestjs/common'

const keys = { rollbackWhen: 'active-alchemy:rollback-when', isolation: 'active-alchemy:isolation' } as const
let isUsed = false

/**
 * Decides for a controller or a handler which of its answers roll back, in place of the module's `rollbackWhen`.
 *
 * @param decide Gets the `status` that is about to leave, the raw `req`, and the `error` if something was thrown.
 * @throws {InvalidOptionError} It is no function.
 * @since 0.1
 * @example
 * @Controller()
 * class Logins {
 *   @RollbackWhen(({ status }) => status >= 500)
 *   @Post('login')
 *   login() {
 *     return User.create({ name: 'Ada' })
 *   }
 * }
 */
export function RollbackWhen(decide: (answer: Answer) => boolean): CustomDecorator {
  const { rollbackWhen } = readRouteOptions({ rollbackWhen: decide }, '@RollbackWhen')
  isUsed = true
  return SetMetadata(keys.rollbackWhen, rollbackWhen)
}

/**
 * Gives the transactions of a controller or a handler an isolation level, in place of the module's `isolation`. What runs before its
 * handler, a guard, must not have written.
 *
 * @param level Of the SQL standard.
 * @throws {InvalidOptionError} There is no such level.
 * @since 0.2
 * @example
 * @Controller()
 * class Transfers {
 *   @Isolation('SERIALIZABLE')
 *   @Post('transfers')
 *   transfer() {
 *     return Account.create({ balance: 10 })
 *   }
 * }
 */
export function Isolation(level: IsolationLevel): CustomDecorator {
  const { isolation } = readRouteOptions({ isolation: level }, '@Isolation')
  isUsed = true
  return SetMetadata(keys.isolation, isolation)
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
