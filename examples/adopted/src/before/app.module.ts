import { Module } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { BankModule } from '../bank/bank.module.js'
import { databaseOptions } from '../bank/database-options.js'
import { MailModule } from '../bank/mail.module.js'

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () => ({ ...databaseOptions(), autoLoadEntities: true, synchronize: true }),
    }),
    BankModule,
    MailModule,
  ],
})
export class AppModule {}
