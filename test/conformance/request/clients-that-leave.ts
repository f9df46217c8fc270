import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy, ScopeClosedError } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework, Reply } from '../../frameworks/framework.ts'
import { latch, rowIn, until } from '../world.ts'

/** Clients that leave. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a client that leaves rolls back at once, and the handler is refused from then on', async (world) => {
    const written = latch()
    const late = latch<unknown>()
    const app = await world.start({
      'POST /notes': async ({ res }) => {
        await world.Note.create({ text: 'lost' })
        written.open()
        await once(res, 'close')
        await world.settled()
        late.open(await world.Note.create({ text: 'late' }).catch((error: unknown) => error))
        return { json: {} }
      },
    })
    const leaving = request(`${app.url}/notes`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await written.promise
    leaving.destroy()
    expect(await late.promise).toBeInstanceOf(ScopeClosedError)
    expect(await world.texts()).toEqual([])
  })

  row('a client that closes its half has all of the answer, or nothing is kept', async (world) => {
    const app = await world.start({
      'GET /notes': async () => {
        await world.Note.create({ text: 'first' })
        await sleep(20)
        await world.Note.create({ text: 'second' })
        return { json: {} }
      },
    })
    const socket = connect({ port: Number(new URL(app.url).port), host: '127.0.0.1', allowHalfOpen: true })
    let text = ''
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.end('GET /notes HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'close')
    await world.settled()
    expect(await world.texts()).toEqual(text.startsWith('HTTP/1.1 200') ? ['first', 'second'] : [])
  })

  row('a client that leaves a handler that hangs gives its connection back', async (world) => {
    const written = latch()
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        written.open()
        return new Promise<Reply>(() => undefined)
      },
    })
    const leaving = request(`${app.url}/notes`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await written.promise
    leaving.destroy()
    await world.settled()
    expect(await world.texts()).toEqual([])
  })

  row('a client that leaves during the commit gets no answer, and its work is kept', async (world) => {
    const leave = latch()
    const app = await world.start({
      'POST /notes': async ({ res }) => {
        await world.Note.create({ text: 'kept' })
        world.db.onCommit(
          async () => {
            leave.open()
            await once(res, 'close')
          },
          { await: true },
        )
        return { json: {} }
      },
    })
    world.statements.length = 0
    const leaving = request(`${app.url}/notes`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await leave.promise
    leaving.destroy()
    await world.settled()
    expect(await world.texts()).toEqual(['kept'])
    expect(world.statements.filter((sql) => /^(COMMIT|ROLLBACK)/i.test(sql))).toHaveLength(1)
  })

  row("with commit: 'save' a client that leaves as a verb commits undoes nothing of it halfway", async (world) => {
    const fresh = await database.create()
    const db = new ActiveAlchemy(fresh.uri, { commit: 'save' })
    class Tag extends db.Model('Tag', { label: db.Column(db.String(20)) }) {}
    await db.createAll()
    const ended = latch<unknown>()
    const leave = latch()
    const closed = latch()
    db.dataSource.subscribers.push({
      async beforeTransactionCommit() {
        leave.open()
        await closed.promise
        // All who hear of the same event have ended their scopes by then.
        await setImmediate()
      },
    })
    const app = await world.start(
      {
        'POST /tags': async ({ res }) => {
          res.once('close', () => closed.open())
          const work = Tag.create({ label: 'whole' })
          ended.open(await work.then(() => 'kept').catch((error: unknown) => error))
          return { json: {} }
        },
      },
      { databases: [db] },
    )
    const leaving = request(`${app.url}/tags`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await leave.promise
    leaving.destroy()
    expect(await ended.promise).toBe('kept')
    db.dataSource.subscribers.pop()
    expect(await Tag.count()).toBe(1)
    await db.close()
    await fresh.drop()
  })

  row('a client that leaves while a stream is under way settles once', async (world) => {
    const app = await world.start({
      'GET /rows': async () => {
        await world.Note.create({ text: 'kept' })
        return { stream: Readable.from(endless()) }
      },
    })
    const res = await new Promise<IncomingMessage>((resolve) => {
      request(`${app.url}/rows`, resolve).end()
    })
    await once(res, 'data')
    res.destroy()
    await world.settled()
    expect(await world.texts()).toEqual(['kept'])
  })

  row(
    'a client that leaves ends the statement that it waits for, in the database too, whether it reads or writes',
    async (world) => {
      const sleeping = database.name === 'postgres' ? 'pg_sleep(60)' : 'sleep(60)'
      const sql = `select 1 as slow_one from note where ${sleeping} is not null`
      const failures: unknown[] = []
      const app = await world.start({
        'GET /reads': async () => {
          const runner = world.db.session.reader
          await runner.query(sql).catch((error: unknown) => failures.push(error))
          return { json: {} }
        },
        'GET /writes': async () => {
          await world.Note.create({ text: 'lost' })
          await world.db.session.manager.query(sql).catch((error: unknown) => failures.push(error))
          return { json: {} }
        },
      })
      await world.Note.create({ text: 'kept' })
      for (const path of ['/reads', '/writes']) {
        world.statements.length = 0
        const leaving = request(`${app.url}${path}`).on('error', () => undefined)
        leaving.end()
        await until(() => world.statements.includes(sql))
        await sleep(100)
        leaving.destroy()
        await world.settled()
      }
      expect(failures).toEqual([expect.any(ScopeClosedError), expect.any(ScopeClosedError)])
      expect(await world.texts()).toEqual(['kept'])
      const [list, text] =
        database.name === 'postgres'
          ? ['pg_stat_activity', "query like '%slow_one%' and state = 'active' and pid <> pg_backend_pid()"]
          : ['information_schema.processlist', "info like '%slow_one%' and id <> connection_id()"]
      let left = 1
      for (let turn = 0; turn < 200 && left > 0; turn++) {
        const [{ n }] = (await world.db.dataSource.query(`select count(*) as n from ${list} where ${text}`)) as [{ n: string }]
        left = Number(n)
        await sleep(25)
      }
      expect(left).toBe(0)
    },
    'a server',
  )
}

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield 'z'.repeat(1_024)
    await sleep(1)
  }
}
