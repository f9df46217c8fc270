import { Body, Controller, Get, Param, ParseIntPipe, Post } from '@nestjs/common'
import type { Account } from './account.entity.js'
import { AccountsService } from './accounts.service.js'

@Controller('accounts')
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Post()
  open(@Body() { owner, balance }: { owner: string; balance: number }): Promise<Account> {
    return this.accounts.open(owner, balance)
  }

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number): Promise<Account> {
    return this.accounts.find(id)
  }

  @Get(':id/statement')
  statement(@Param('id', ParseIntPipe) id: number): Promise<object> {
    return this.accounts.statement(id)
  }
}
