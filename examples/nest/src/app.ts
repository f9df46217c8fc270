import { AlchemyModule, type Reporter } from '@active-alchemy/nest'
import { type DynamicModule, type INestApplication, Module } from '@nestjs/common'
import { HttpAdapterHost, NestFactory } from '@nestjs/core'
import { createPages } from '../../shop/pages.js'
import { CustomersController, OrdersController, ProductsController } from './controllers.js'
import { ErrorsFilter } from './errors-filter.js'
import { PagesController, pagesToken } from './pages.js'
import { type Shop, shopToken } from './shop.js'

@Module({})
class ShopModule {
  static of(shop: Shop, logError: (error: unknown) => void, report?: Reporter): DynamicModule {
    return {
      module: ShopModule,
      imports: [AlchemyModule.forRoot({ db: shop.db, ...(report ? { report } : {}) })],
      providers: [
        { provide: shopToken, useValue: shop },
        { provide: pagesToken, useValue: createPages(shop, { logError }) },
      ],
      controllers: [PagesController, ProductsController, CustomersController, OrdersController],
    }
  }
}

/** How the application tells what it cannot answer. */
export interface AppOptions {
  readonly report?: Reporter
  /** @default prints it */
  readonly logError?: (error: unknown) => void
}

/** The shop as a Nest application. Each request is one transaction, committed before its answer leaves. */
export async function createApp(shop: Shop, { report, logError = console.error }: AppOptions = {}): Promise<INestApplication> {
  const app = await NestFactory.create(ShopModule.of(shop, logError, report), { logger: ['error', 'warn'] })
  app.useGlobalFilters(new ErrorsFilter(app.get(HttpAdapterHost).httpAdapter, logError))
  app.use(shop.db.inspector())
  return app.init()
}
