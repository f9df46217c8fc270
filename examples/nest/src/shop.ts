import type { ActiveAlchemy } from '@active-alchemy/nest'
import { Inject } from '@nestjs/common'

/** What the application uses of the shop, which is JavaScript. */
export interface Shop {
  readonly db: ActiveAlchemy
  browse(page: unknown): Promise<unknown>
  addProduct(values: unknown): Promise<unknown>
  deleteProduct(id: string): Promise<unknown>
  restoreProduct(id: string): Promise<unknown>
  listCustomers(page: unknown): Promise<unknown>
  addCustomer(values: unknown): Promise<unknown>
  eraseCustomer(id: string): Promise<unknown>
  listOrders(page: unknown): Promise<unknown>
  findOrder(id: string): Promise<unknown>
  placeOrder(form: unknown): Promise<unknown>
}

export const shopToken = Symbol('shop')

export const InjectShop = (): ParameterDecorator => Inject(shopToken)
