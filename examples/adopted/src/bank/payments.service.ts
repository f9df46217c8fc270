import { ConflictException, Injectable, Logger } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { DataSource, Repository } from 'typeorm'
import { Account } from './account.entity.js'
import { AccountsRepository } from './accounts.repository.js'
import { ClearingService } from './clearing.service.js'
import { Mailer } from './mail.module.js'
import { Payment } from './payment.entity.js'

export interface Order {
  readonly reference: string
  readonly from: number
  readonly to: number
  readonly amount: number
}

@Injectable()
export class PaymentsService {
  private readonly logger = new Logger(PaymentsService.name)

  constructor(
    private readonly dataSource: DataSource,
    private readonly accounts: AccountsRepository,
    @InjectRepository(Payment) private readonly payments: Repository<Payment>,
    private readonly mailer: Mailer,
    private readonly clearing: ClearingService,
  ) {}

  /** To another customer: a transaction by hand. */
  async pay({ reference, from, to, amount }: Order): Promise<Payment> {
    const runner = this.dataSource.createQueryRunner()
    await runner.connect()
    await runner.startTransaction()
    let payment: Payment
    try {
      const { manager } = runner
      await manager.decrement(Account, { id: from }, 'balance', amount)
      await manager.increment(Account, { id: to }, 'balance', amount)
      payment = await manager.save(manager.create(Payment, { reference, amount, payer: { id: from }, payee: { id: to } }))
      await this.mailer.send({ reference, text: `You have paid ${amount}` })
      const { balance } = await manager.findOneByOrFail(Account, { id: from })
      if (balance < 0) throw new ConflictException('There is not enough money')
      await runner.commitTransaction()
    } catch (error) {
      await runner.rollbackTransaction()
      throw error
    } finally {
      await runner.release()
    }
    await this.clearing.announce(reference)
    return payment
  }

  /** Between two accounts of one customer: by repositories. */
  async transfer({ reference, from, to, amount }: Order): Promise<Payment> {
    await this.accounts.withdraw(from, amount)
    await this.accounts.deposit(to, amount)
    return this.payments.save({ reference, amount, payer: { id: from }, payee: { id: to } })
  }

  /** Money of a voucher, which is used up by it. */
  async redeem({ reference, to, amount, voucher }: Omit<Order, 'from'> & { readonly voucher: string }): Promise<{ reference: string }> {
    this.payments.save({ reference, amount, payee: { id: to }, voucher }).catch((error: unknown) => this.logger.error(error))
    await this.accounts.deposit(to, amount)
    return { reference }
  }

  /** To another bank, which takes its time. */
  payOut({ reference, from, amount }: Omit<Order, 'to'>): { reference: string } {
    this.dataSource
      .transaction(async (manager) => {
        await manager.decrement(Account, { id: from }, 'balance', amount)
        await this.clearing.announce(reference)
        await manager.save(Payment, { reference, amount, payer: { id: from } })
      })
      .catch((error: unknown) => this.logger.error(error))
    return { reference }
  }
}
