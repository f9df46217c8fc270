import { ConflictException, Injectable, NotFoundException } from '@nestjs/common'
import { DataSource, Repository } from 'typeorm'
import { Account } from './account.entity.js'

@Injectable()
export class AccountsRepository extends Repository<Account> {
  constructor(dataSource: DataSource) {
    super(Account, dataSource.createEntityManager())
  }

  async withdraw(id: number, amount: number): Promise<void> {
    const { affected } = await this.createQueryBuilder()
      .update()
      .set({ balance: () => 'balance - :amount' })
      .where('id = :id and balance >= :amount', { id, amount })
      .execute()
    if (affected === 0) throw new ConflictException('There is not enough money')
  }

  async deposit(id: number, amount: number): Promise<void> {
    const { affected } = await this.increment({ id }, 'balance', amount)
    if (affected === 0) throw new NotFoundException(`There is no account ${id}`)
  }
}
