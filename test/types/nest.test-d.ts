import {
  ActiveAlchemy,
  type AlchemyHealth,
  AlchemyHealthIndicator,
  AlchemyModule,
  InjectModel,
  InjectSession,
  initApp,
  RollbackWhen,
  type Session,
  typeOrmOptions,
} from '@active-alchemy/nest'
import { ActiveAlchemy as Core } from '@active-alchemy/core'
import type { DynamicModule, INestApplication } from '@nestjs/common'
import { ConfigService } from '@nestjs/config'
import type { NestExpressApplication } from '@nestjs/platform-express'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { HealthCheckService } from '@nestjs/terminus'
import { TypeOrmModule } from '@nestjs/typeorm'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')
const core = new Core('sqlite://')
class User extends db.Model('User', { name: db.Column(db.String(25)) }) {}

expectTypeOf(AlchemyModule.forRoot({ db })).toEqualTypeOf<DynamicModule>()
AlchemyModule.forRoot({
  db: core,
  name: 'second',
  close: false,
  rollbackWhen: ({ status, req, error }) => status > 400 || !!req.url || !!error,
})
// @ts-expect-error a database is needed
AlchemyModule.forRoot({})
// @ts-expect-error no such option
AlchemyModule.forRoot({ db, rollbackwhen: () => true })
AlchemyModule.forRootAsync({ useFactory: () => ({ db }) })
AlchemyModule.forRootAsync({
  name: 'second',
  inject: [ConfigService],
  useFactory: async (config: ConfigService) => ({ db: db.configure(config.getOrThrow('X')) }),
})
// @ts-expect-error the factory gives a database
AlchemyModule.forRootAsync({ useFactory: () => ({ close: true }) })
AlchemyModule.forFeature([User])
AlchemyModule.forFeature([User], 'second')
// @ts-expect-error a model is a class
AlchemyModule.forFeature(['User'])

class Users {
  constructor(
    @InjectModel(User) readonly users: typeof User,
    @InjectSession() readonly session: Session,
  ) {}
  @RollbackWhen(({ status }) => status >= 500)
  async first() {
    const user = await this.users.first()
    expectTypeOf(user?.name).toEqualTypeOf<string | undefined>()
  }
  @db.Transactional()
  async rename(id: number, name: string) {
    return (await this.users.getOrError(id).update({ name })).name
  }
  // @ts-expect-error a transaction is asynchronous
  @db.Transactional()
  now() {
    return 1
  }
}
expectTypeOf<ReturnType<Users['rename']>>().toEqualTypeOf<Promise<string>>()

declare const onExpress: NestExpressApplication
declare const onFastify: NestFastifyApplication
declare const app: INestApplication
expectTypeOf(db.initApp(onExpress)).toEqualTypeOf<ActiveAlchemy>()
expectTypeOf(initApp(onFastify, core, { skip: ({ url }) => url === '/health' })).toEqualTypeOf<NestFastifyApplication>()
expectTypeOf(new ActiveAlchemy('sqlite://', { app }).initApp(app)).toEqualTypeOf<ActiveAlchemy>()
// @ts-expect-error `undefined` is no URI
void new ActiveAlchemy(process.env['DATABASE_URL'])

TypeOrmModule.forRootAsync(typeOrmOptions(core))
TypeOrmModule.forRootAsync({ ...db.typeOrmOptions(), name: 'second' })

declare const health: HealthCheckService
declare const indicator: AlchemyHealthIndicator
void health.check([() => indicator.isHealthy(), () => indicator.isHealthy('second', 'second')])
expectTypeOf(indicator.isHealthy('orders')).resolves.toEqualTypeOf<AlchemyHealth<'orders'>>()
