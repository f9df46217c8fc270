import { ActiveAlchemy, AlchemyModule } from '@active-alchemy/nest'
import { Module } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { DataSource } from 'typeorm'
import { BankModule } from '../bank/bank.module.js'
import { databaseOptions } from '../bank/database-options.js'
import { MailModule } from '../bank/mail.module.js'

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () => ({ ...databaseOptions(), autoLoadEntities: true, synchronize: true }),
      dataSourceFactory: async (options) => ActiveAlchemy.from(options).dataSource,
    }),
    AlchemyModule.forRootAsync({
      inject: [DataSource],
      useFactory: (dataSource: DataSource) => ({ db: ActiveAlchemy.from(dataSource), mode: 'observe' }),
    }),
    BankModule,
    MailModule,
  ],
})
export class AppModule {}
