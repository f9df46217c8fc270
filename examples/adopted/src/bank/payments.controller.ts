import { Body, Controller, Param, Post } from '@nestjs/common'
import { type Order, PaymentsService } from './payments.service.js'

@Controller()
export class PaymentsController {
  constructor(private readonly payments: PaymentsService) {}

  @Post('payments')
  pay(@Body() order: Order): Promise<object> {
    return this.payments.pay(order)
  }

  @Post('transfers')
  transfer(@Body() order: Order): Promise<object> {
    return this.payments.transfer(order)
  }

  @Post('vouchers/:voucher/redeem')
  redeem(@Param('voucher') voucher: string, @Body() order: Omit<Order, 'from'>): Promise<object> {
    return this.payments.redeem({ ...order, voucher })
  }

  @Post('payouts')
  payOut(@Body() order: Omit<Order, 'to'>): object {
    return this.payments.payOut(order)
  }
}
