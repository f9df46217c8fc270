import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common'
import { InjectShop, type Shop } from './shop.js'

@Controller('products')
export class ProductsController {
  constructor(@InjectShop() private readonly shop: Shop) {}

  @Get()
  browse(@Query('page') page: unknown): Promise<unknown> {
    return this.shop.browse(page)
  }

  @Post()
  add(@Body() values: unknown): Promise<unknown> {
    return this.shop.addProduct(values)
  }

  @Delete(':id')
  delete(@Param('id') id: string): Promise<unknown> {
    return this.shop.deleteProduct(id)
  }

  @Post(':id/restore')
  @HttpCode(200)
  restore(@Param('id') id: string): Promise<unknown> {
    return this.shop.restoreProduct(id)
  }
}

@Controller('customers')
export class CustomersController {
  constructor(@InjectShop() private readonly shop: Shop) {}

  @Get()
  list(@Query('page') page: unknown): Promise<unknown> {
    return this.shop.listCustomers(page)
  }

  @Post()
  add(@Body() values: unknown): Promise<unknown> {
    return this.shop.addCustomer(values)
  }

  @Delete(':id')
  @HttpCode(204)
  async erase(@Param('id') id: string): Promise<void> {
    await this.shop.eraseCustomer(id)
  }
}

@Controller('orders')
export class OrdersController {
  constructor(@InjectShop() private readonly shop: Shop) {}

  @Get()
  list(@Query('page') page: unknown): Promise<unknown> {
    return this.shop.listOrders(page)
  }

  @Get(':id')
  find(@Param('id') id: string): Promise<unknown> {
    return this.shop.findOrder(id)
  }

  @Post()
  place(@Body() form: unknown): Promise<unknown> {
    return this.shop.placeOrder(form)
  }
}
