import { Injectable } from '@nestjs/common'
import { DataSource, type EntitySubscriberInterface, type InsertEvent, type TransactionCommitEvent } from 'typeorm'
import { Smtp } from './mail.module.js'
import { Payment } from './payment.entity.js'

/** Sends a receipt of each payment, once its transaction is committed. */
@Injectable()
export class ReceiptsSubscriber implements EntitySubscriberInterface<Payment> {
  constructor(
    dataSource: DataSource,
    private readonly smtp: Smtp,
  ) {
    dataSource.subscribers.push(this)
  }

  listenTo(): typeof Payment {
    return Payment
  }

  afterInsert({ entity, queryRunner: { data } }: InsertEvent<Payment>): void {
    data['payments'] = [...((data['payments'] as Payment[] | undefined) ?? []), entity]
  }

  async afterTransactionCommit({ queryRunner: { data } }: TransactionCommitEvent): Promise<void> {
    const payments = (data['payments'] as Payment[] | undefined) ?? []
    data['payments'] = []
    for (const { reference, amount } of payments) await this.smtp.deliver({ reference, text: `Receipt: ${amount}` })
  }
}
