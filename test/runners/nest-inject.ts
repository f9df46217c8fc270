import { AlchemyModule } from '@active-alchemy/nest'
import { Controller, Inject, Param, Post, Res } from '@nestjs/common'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { type Handler, report, type Start } from './application.ts'

@Controller('notes')
class Notes {
  constructor(@Inject('handler') private readonly handler: Handler) {}

  @Post(':text')
  async create(@Param('text') text: string, @Res({ passthrough: true }) reply: { status(status: number): void }) {
    reply.status(await this.handler(text))
    return {}
  }
}

/** Nest on Fastify by its `inject`. */
export const start: Start = async (db, handler) => {
  const module = await Test.createTestingModule({
    imports: [AlchemyModule.forRoot({ db, close: false, report })],
    controllers: [Notes],
    providers: [{ provide: 'handler', useValue: handler }],
  }).compile()
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false })
  await app.init()
  await app.getHttpAdapter().getInstance().ready()
  return {
    post: async (text, headers) => (await app.inject({ method: 'POST', url: `/notes/${text}`, headers })).statusCode,
    close: () => app.close(),
  }
}
