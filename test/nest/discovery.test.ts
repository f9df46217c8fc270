import { createRequire } from 'node:module'
import { AlchemyModule, InjectSession, type Session } from '@active-alchemy/nest'
import { type DynamicModule, Injectable, type Type } from '@nestjs/common'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startRedis } from '../servers/redis.ts'
import { create, openStore, platforms, type Store } from './application.ts'

/** What is used of the modules, which are no packages of everybody who compiles these tests. */
interface Packages {
  '@nestjs/schedule': { ScheduleModule: Loaded; Cron: (pattern: string) => MethodDecorator }
  '@nestjs/event-emitter': { EventEmitterModule: Loaded; OnEvent: (event: string) => MethodDecorator; EventEmitter2: Type<Emitter> }
  '@nestjs/bullmq': {
    BullModule: {
      forRoot(options: { connection: { port: number } }): DynamicModule
      registerQueue(options: { name: string }): DynamicModule
    }
    Processor: (queue: string) => ClassDecorator
    WorkerHost: abstract new () => object
    getQueueToken: (queue: string) => string
  }
  '@nestjs/cqrs': { CqrsModule: Loaded; CommandHandler: (command: Type) => ClassDecorator; CommandBus: Type<Bus> }
}
interface Loaded {
  forRoot(): DynamicModule
}
interface Emitter {
  emitAsync(event: string): Promise<unknown>
}
interface Queue {
  add(name: string, values: object): Promise<unknown>
}
interface Bus {
  execute(command: object): Promise<unknown>
}
const require = createRequire(import.meta.url)
const load = <Name extends keyof Packages>(name: Name): Packages[Name] => require(name) as Packages[Name]
const { Cron, ScheduleModule } = load('@nestjs/schedule')
const { EventEmitter2, EventEmitterModule, OnEvent } = load('@nestjs/event-emitter')
const { BullModule, getQueueToken, Processor, WorkerHost } = load('@nestjs/bullmq')
const { CommandBus, CommandHandler, CqrsModule } = load('@nestjs/cqrs')

let store: Store
beforeEach(async () => {
  store = await openStore()
})
afterEach(() => store.end())

class Write {}

it.each(platforms)(
  'starts beside modules that look at the methods of all providers, and their jobs have transactions, on %s',
  async (platform) => {
    const { db, Note } = store
    let ticked!: () => void
    const tick = new Promise<void>((resolve) => (ticked = resolve))

    @Injectable()
    class Jobs {
      constructor(@InjectSession() private readonly session: Session) {}

      @Cron('* * * * * *')
      @db.Transactional()
      async onTick(): Promise<void> {
        await Note.create({ text: 'cron' })
        expect(await this.session.get(Note, 1)).toBeDefined()
        ticked()
      }

      @OnEvent('written')
      @db.Transactional()
      async onWritten(): Promise<void> {
        await this.session.query(Note).count()
        await Note.create({ text: 'event' })
      }
    }
    @CommandHandler(Write)
    class Writes {
      @db.Transactional()
      async execute(): Promise<void> {
        await Note.create({ text: 'command' })
      }
    }
    const app = await create(platform, {
      imports: [AlchemyModule.forRoot({ db, close: false }), ScheduleModule.forRoot(), EventEmitterModule.forRoot(), CqrsModule.forRoot()],
      providers: [Jobs, Writes],
    })
    await app.init()
    await app.get(EventEmitter2).emitAsync('written')
    await app.get(CommandBus).execute(new Write())
    await tick
    await app.close()
    await expect.poll(() => store.texts()).toEqual(expect.arrayContaining(['command', 'cron', 'event']))
  },
)

it.each(platforms)('starts beside bullmq, and a job that its worker runs has a transaction, on %s', async (platform) => {
  const { db, Note } = store
  const redis = await startRedis()
  let done!: () => void
  const isDone = new Promise<void>((resolve) => (done = resolve))

  @Processor('notes')
  class Notes extends WorkerHost {
    constructor(@InjectSession() private readonly session: Session) {
      super()
    }

    async process({ data }: { data: { text: string } }): Promise<void> {
      await this.write(data.text)
      done()
    }

    @db.Transactional()
    async write(text: string): Promise<void> {
      await Note.create({ text })
      expect(await this.session.query(Note).count()).toBe(1)
    }
  }
  try {
    const app = await create(platform, {
      imports: [
        AlchemyModule.forRoot({ db, close: false }),
        BullModule.forRoot({ connection: { port: redis.port } }),
        BullModule.registerQueue({ name: 'notes' }),
      ],
      providers: [Notes],
    })
    await app.init()
    await app.get<Queue>(getQueueToken('notes')).add('write', { text: 'queued' })
    await isDone
    await app.close()
    expect(await store.texts()).toEqual(['queued'])
  } finally {
    await redis.stop()
  }
})
