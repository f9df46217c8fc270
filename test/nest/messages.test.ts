import { once } from 'node:events'
import { createServer } from 'node:net'
import { AlchemyInterceptor, AlchemyModule, type ReportEvent } from '@active-alchemy/nest'
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Module,
  type NestInterceptor,
  Post,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Args, GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql'
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius'
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices'
import { WsAdapter } from '@nestjs/platform-ws'
import { BaseWsExceptionFilter, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets'
import { concat, EMPTY, firstValueFrom, from, interval, map, mergeMap, type Observable, of, Subject, take, throwError, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { patiently } from '../conformance/store.ts'
import { latch, until } from '../conformance/world.ts'
import { create, listen, openStore, type Store } from './application.ts'

describe('messages of Nest', () => {
  let store: Store
  const ends: (() => unknown)[] = []

  beforeEach(async () => {
    store = await openStore()
  })
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
    await store.end()
  })
  const write = async (text: string): Promise<string> => (await store.Note.create({ text })).text
  const settled = (): Promise<void> => until(() => store.db.dataSource.driver.pool.leased === 0)

  /** Handlers of messages, with a route beside them. */
  function controller() {
    @Controller()
    class Messages {
      @MessagePattern('good')
      async good(@Payload() text: string): Promise<object> {
        return { text: await write(text), session: store.db.session.manager.queryRunner !== undefined }
      }
      @MessagePattern('bad')
      async bad(): Promise<void> {
        await write('lost')
        throw new RpcException('boom')
      }
      @MessagePattern('broken')
      async broken(): Promise<object> {
        await write('lost')
        await store.breakCommit()
        return { ok: true }
      }
      @MessagePattern('many')
      many(): Observable<string> {
        return from(['1', '2', '3']).pipe(mergeMap((text) => write(text)))
      }
      @MessagePattern('many bad')
      manyBad(): Observable<string> {
        return concat(
          from(['1', '2']).pipe(mergeMap((text) => write(text))),
          throwError(() => new RpcException('boom')),
        )
      }
      @MessagePattern('endless')
      endless(): Observable<number> {
        return interval(1)
      }
      @EventPattern('event')
      async event(@Payload() text: string): Promise<void> {
        await write(text)
        if (text === 'bad event') throw new Error('boom')
        await write(`${text} 2`)
      }
      @Post('notes')
      async create(): Promise<string> {
        return write('over HTTP')
      }
    }
    return Messages
  }

  async function checkMessages(client: ClientProxy): Promise<void> {
    const send = (pattern: string, data: unknown = ''): Promise<unknown> => firstValueFrom(client.send(pattern, data).pipe(toArray()))
    expect([await send('good', 'kept'), await store.texts()]).toEqual([[{ text: 'kept', session: true }], ['kept']])
    await expect(send('bad')).rejects.toMatchObject({ message: 'boom' })
    await expect(send('broken')).rejects.toBeDefined()
    await expect(send('many bad')).rejects.toMatchObject({ message: 'boom' })
    expect(await store.texts()).toEqual(['kept'])
    expect([await send('many'), await store.texts()]).toEqual([
      ['1', '2', '3'],
      ['kept', '1', '2', '3'],
    ])
    expect(await firstValueFrom(client.send('endless', '').pipe(take(3), toArray()))).toEqual([0, 1, 2])
    client.emit('event', 'bad event').subscribe()
    client.emit('event', 'event').subscribe()
    await until(() => store.db.dataSource.driver.pool.leased === 0)
    while ((await store.texts()).length < 6) await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await store.texts()).slice(4)).toEqual(['event', 'event 2'])
    await settled()
  }

  it('a microservice: commits before it answers, once, however many values; rolls back on an error', async () => {
    class Root {}
    Module({ imports: [AlchemyModule.forRoot({ db: store.db, close: false })], controllers: [controller()] })(Root)
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const
    const service = await NestFactory.createMicroservice<MicroserviceOptions>(Root, { ...options, logger: false })
    ends.push(() => service.close())
    await service.listen()
    const client = ClientProxyFactory.create(options)
    ends.push(() => client.close())
    await checkMessages(client)
  })

  it('an application with a microservice: both have their boundaries, and neither that of the other', async () => {
    const app = await create('express', { imports: [AlchemyModule.forRoot({ db: store.db, close: false })], controllers: [controller()] })
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const
    app.connectMicroservice<MicroserviceOptions>(options)
    ends.push(() => app.close())
    await app.startAllMicroservices()
    const client = ClientProxyFactory.create(options)
    ends.push(() => client.close())
    await checkMessages(client)
    expect((await fetch(`${await listen(app)}/notes`, { method: 'POST' })).status).toBe(201)
    expect((await store.texts()).at(-1)).toBe('over HTTP')
  })

  it('a gateway: a message is one scope, committed before its answer is sent', async () => {
    const answered: unknown[] = []
    @WebSocketGateway()
    @UseFilters(new BaseWsExceptionFilter())
    class Gateway {
      @SubscribeMessage('good')
      async good(@MessageBody() text: string): Promise<object> {
        return { event: 'good', data: [await write(text), store.db.session.manager.queryRunner !== undefined] }
      }
      @SubscribeMessage('bad')
      async bad(): Promise<object> {
        await write('lost')
        throw new WsException('boom')
      }
      @SubscribeMessage('broken')
      async broken(): Promise<object> {
        await write('lost')
        await store.breakCommit()
        return { event: 'broken', data: 'never' }
      }
      @SubscribeMessage('ticks')
      ticks(): Observable<object> {
        return interval(1).pipe(map((data) => ({ event: 'tick', data })))
      }
    }
    const app = await create('express', { imports: [AlchemyModule.forRoot({ db: store.db, close: false })], providers: [Gateway] })
    app.useWebSocketAdapter(new WsAdapter(app))
    ends.push(() => app.close())
    const socket = new WebSocket((await listen(app)).replace('http', 'ws'))
    ends.push(() => socket.terminate())
    await once(socket, 'open')
    const ask = async (event: string, data: unknown = ''): Promise<unknown> => {
      socket.send(JSON.stringify({ event, data }))
      const [message] = (await once(socket, 'message')) as [Buffer]
      answered.push(JSON.parse(message.toString()))
      return answered.at(-1)
    }
    expect([await ask('good', 'kept'), await store.texts()]).toEqual([{ event: 'good', data: ['kept', true] }, ['kept']])
    expect(await ask('bad')).toMatchObject({ event: 'exception' })
    expect(await ask('broken')).toMatchObject({ event: 'exception' })
    expect(await store.texts()).toEqual(['kept'])
    expect(await ask('ticks')).toEqual({ event: 'tick', data: 0 })
    await settled()
  })

  it('messages that are observed have no scope, and are reported by the name of their handler', async () => {
    const reports: ReportEvent[] = []
    const [received, gate] = [latch(), latch()]
    const later: Promise<unknown>[] = []
    const writeLater = (text: string): void => void later.push(store.db.dataSource.getRepository(store.Note).save({ text }))
    @Controller()
    class Messages {
      @MessagePattern('honest')
      async honest(): Promise<string> {
        return write('honest')
      }
      @MessagePattern('undone')
      async undone(): Promise<void> {
        await write('undone')
        throw new RpcException('boom')
      }
      @MessagePattern('early')
      early(): string {
        writeLater('early')
        return 'ok'
      }
      @EventPattern('late')
      async late(@Payload() _text: string): Promise<void> {
        void gate.promise.then(() => writeLater('late'))
        received.open()
      }
    }
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('undone')
      async undone(): Promise<object> {
        await write('undone by a gateway')
        throw new WsException('boom')
      }
    }
    class Root {}
    const options = { mode: 'observe', report: (event: ReportEvent) => void reports.push(event) } as const
    Module({ imports: [AlchemyModule.forRoot({ db: store.db, close: false, ...options })], controllers: [Messages] })(Root)
    const transport = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const
    const service = await NestFactory.createMicroservice<MicroserviceOptions>(Root, { ...transport, logger: false })
    ends.push(() => service.close())
    await service.listen()
    const client = ClientProxyFactory.create(transport)
    ends.push(() => client.close())
    const send = (pattern: string): Promise<unknown> => firstValueFrom(client.send(pattern, ''))
    expect([await send('honest'), await send('early')]).toEqual(['honest', 'ok'])
    await expect(send('undone')).rejects.toMatchObject({ message: 'boom' })
    client.emit('late', '').subscribe()
    const found = (): string[] => reports.map(({ kind, route }) => `${kind} ${route}`).sort()
    await received.promise
    // The next one is answered after it.
    await send('honest')
    gate.open()
    await until(() => found().length > 3)
    await Promise.all(later)

    const app = await create('express', {
      imports: [AlchemyModule.forRoot({ db: store.db, close: false, ...options })],
      providers: [Gateway],
    })
    app.useWebSocketAdapter(new WsAdapter(app))
    ends.push(() => app.close())
    const socket = new WebSocket((await listen(app)).replace('http', 'ws'))
    ends.push(() => socket.terminate())
    await once(socket, 'open')
    socket.send(JSON.stringify({ event: 'undone' }))
    await until(() => found().length > 4)

    expect(found()).toEqual([
      'early-success rpc Messages.early',
      'early-success rpc Messages.late',
      'late-statement rpc Messages.late',
      'undone-write rpc Messages.undone',
      'undone-write ws Gateway.undone',
    ])
    expect(reports.find(({ route }) => route === 'rpc Messages.undone')?.message).toMatch(
      /^rpc Messages.undone wrote and answered an error\./,
    )
    // Nothing was bound.
    expect((await store.texts()).toSorted()).toEqual(['early', 'honest', 'honest', 'late', 'undone', 'undone by a gateway'])
  })

  it('a GraphQL request is one scope: a resolver that fails rolls all of it back, though the answer is 200', async () => {
    const sessions = new Set<unknown>()
    @Resolver('Note')
    class Notes {
      @Query(() => String)
      hello(): string {
        return 'hello'
      }
      // What a compiler with emitDecoratorMetadata says.
      @Reflect.metadata('design:paramtypes', [String])
      @Mutation(() => String)
      async add(@Args('text', { type: () => String }) text: string): Promise<string> {
        sessions.add(store.db.session)
        const written = await write(text)
        if (text === 'bad') throw new Error('boom')
        return written
      }
    }
    const app = await create('fastify', {
      imports: [
        AlchemyModule.forRoot({ db: store.db, close: false }),
        GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true }),
      ],
      providers: [Notes],
    })
    ends.push(() => app.close())
    const url = await listen(app)
    const ask = async (query: string): Promise<unknown[]> => {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
      const committed = await store.texts()
      return [answer.status, committed, await answer.json()]
    }
    expect(await ask('mutation { a: add(text: "one") b: add(text: "two") }')).toEqual([
      200,
      ['one', 'two'],
      { data: { a: 'one', b: 'two' } },
    ])
    expect(sessions.size).toBe(1)
    expect(await ask('mutation { a: add(text: "three") b: add(text: "bad") }')).toMatchObject([
      200,
      ['one', 'two'],
      { errors: [{ message: 'boom' }] },
    ])
    expect(await ask('{ hello }')).toEqual([200, ['one', 'two'], { data: { hello: 'hello' } }])
  })

  describe('the interceptor, without a transport', () => {
    const context = (type: string): ExecutionContext =>
      ({ getType: () => type, getClass: () => controller(), getHandler: () => write }) as unknown as ExecutionContext
    const run = (handle: () => Observable<unknown>, type = 'rpc'): Observable<unknown> =>
      new AlchemyInterceptor().intercept(context(type), { handle })

    it('rolls back when nobody waits for the answer any more', async () => {
      const never = new Subject()
      const values: unknown[] = []
      const subscription = run(() => from(write('lost')).pipe(mergeMap((text) => concat(of(text), never)))).subscribe((value) =>
        values.push(value),
      )
      await until(() => store.db.dataSource.driver.pool.leased === 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
      subscription.unsubscribe()
      await settled()
      expect([values, await store.texts()]).toEqual([[], []])
    })

    it('twice it is one scope; beside it other contexts are left alone', async () => {
      const twice = run(() => run(() => from(write('one').then(() => write('two')))))
      expect([await firstValueFrom(twice), await store.texts()]).toEqual(['two', ['one', 'two']])
      expect(await firstValueFrom(run(() => of(1), 'graphql'))).toBe(1)
      expect(await firstValueFrom(run(() => EMPTY).pipe(toArray()))).toEqual([])
    })

    it('a stream that holds a transaction too long ends with an error', async () => {
      const ticks = run(() => from(write('lost')).pipe(mergeMap(() => interval(5))))
      Object.assign(store.db.dataSource.engine.settings, { transactionTimeoutMs: 30 })
      await expect(firstValueFrom(ticks)).rejects.toMatchObject({ code: 'TRANSACTION_TIMEOUT' })
      expect(await patiently(store.db, () => store.texts())).toEqual([])
    })

    it('is put on by hand where a class is loaded late', async () => {
      class Outer implements NestInterceptor {
        intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
          return next.handle()
        }
      }
      @UseInterceptors(Outer, AlchemyInterceptor)
      class Late {}
      expect(Late).toBeDefined()
    })
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
