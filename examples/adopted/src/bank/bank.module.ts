import { Module } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { Account } from './account.entity.js'
import { AccountsController } from './accounts.controller.js'
import { AccountsRepository } from './accounts.repository.js'
import { AccountsService } from './accounts.service.js'
import { ClearingService } from './clearing.service.js'
import { Payment } from './payment.entity.js'
import { PaymentsController } from './payments.controller.js'
import { PaymentsService } from './payments.service.js'
import { ReceiptsSubscriber } from './receipts.subscriber.js'

@Module({
  imports: [TypeOrmModule.forFeature([Account, Payment])],
  providers: [AccountsRepository, AccountsService, ClearingService, PaymentsService, ReceiptsSubscriber],
  controllers: [AccountsController, PaymentsController],
})
export class BankModule {}
