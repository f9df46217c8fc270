import { Injectable, NotFoundException } from '@nestjs/common'
import { DataSource } from 'typeorm'
import { Account } from './account.entity.js'
import { AccountsRepository } from './accounts.repository.js'
import { Payment } from './payment.entity.js'

@Injectable()
export class AccountsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly accounts: AccountsRepository,
  ) {}

  open(owner: string, balance: number): Promise<Account> {
    return this.accounts.save({ owner, balance })
  }

  async find(id: number): Promise<Account> {
    const account = await this.accounts.findOneBy({ id })
    if (!account) throw new NotFoundException(`There is no account ${id}`)
    return account
  }

  /** The account and its payments, at one moment. */
  async statement(id: number): Promise<{ account: Account; payments: Payment[] }> {
    const runner = this.dataSource.createQueryRunner()
    await runner.connect()
    await runner.startTransaction()
    const account = await runner.manager.findOneBy(Account, { id })
    if (!account) throw new NotFoundException(`There is no account ${id}`)
    const payments = await runner.manager.find(Payment, { where: [{ payer: { id } }, { payee: { id } }], order: { id: 'ASC' } })
    await runner.commitTransaction()
    await runner.release()
    return { account, payments }
  }
}
