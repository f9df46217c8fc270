import { Column, Entity, PrimaryGeneratedColumn, QueryFailedError, TransactionNotStartedError, VersionColumn } from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

@Entity()
class Entry {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30, unique: true }) declare text: string
  @VersionColumn() declare revision: number
}

const texts = async ({ repo }: World): Promise<string> =>
  (await repo(Entry).find({ order: { text: 'ASC' } })).map(({ text }) => text).join('')
const undo = (): never => {
  throw new Error('undo')
}

/** Transactions, savepoints, query runners and locks. */
export const transactions: Topic = {
  title: 'transactions',
  options: { entities: [Entry] },
  rows: {
    'a transaction gives what its function gives': async ({ app }) => {
      expect(await app.transaction(async () => 7)).toBe(7)
      expect(await app.manager.transaction(async (manager) => (await manager.save(Entry, { text: 'a' })).text)).toBe('a')
    },
    'a transaction keeps what it wrote': async (world) => {
      await world.app.transaction(async (manager) => {
        await manager.save(Entry, { text: 'a' })
        await manager.getRepository(Entry).insert({ text: 'b' })
        await manager.createQueryBuilder().insert().into(Entry).values({ text: 'c' }).execute()
      })
      expect(await texts(world)).toBe('abc')
    },
    'a transaction that throws leaves nothing, and throws the same': async (world) => {
      const work = world.app.transaction(async (manager) => {
        await manager.save(Entry, { text: 'a' })
        undo()
      })
      await expect(work).rejects.toThrow('undo')
      expect(await texts(world)).toBe('')
    },
    'a transaction sees what it wrote': async ({ app }) => {
      await app.transaction(async (manager) => {
        await manager.save(Entry, { text: 'a' })
        expect(await manager.count(Entry)).toBe(1)
        expect(await manager.createQueryBuilder(Entry, 'e').getCount()).toBe(1)
      })
    },
    'an inner transaction that throws undoes its part alone': async (world) => {
      await world.app.transaction(async (outer) => {
        await outer.save(Entry, { text: 'a' })
        const inner = outer.transaction(async (manager) => {
          await manager.save(Entry, { text: 'b' })
          undo()
        })
        await expect(inner).rejects.toThrow('undo')
        await outer.transaction((manager) => manager.save(Entry, { text: 'c' }))
      })
      expect(await texts(world)).toBe('ac')
    },
    'an outer transaction that throws undoes what the inner one kept': async (world) => {
      const work = world.app.transaction(async (outer) => {
        await outer.transaction((inner) => inner.save(Entry, { text: 'a' }))
        undo()
      })
      await expect(work).rejects.toThrow('undo')
      expect(await texts(world)).toBe('')
    },
    'three levels, the middle one undone': async (world) => {
      await world.app.transaction(async (first) => {
        await first.save(Entry, { text: 'a' })
        const middle = first.transaction(async (second) => {
          await second.save(Entry, { text: 'b' })
          await second.transaction((third) => third.save(Entry, { text: 'c' }))
          undo()
        })
        await expect(middle).rejects.toThrow('undo')
      })
      expect(await texts(world)).toBe('a')
    },
    'a failed statement of an inner transaction leaves the outer one whole': async (world) => {
      await world.app.transaction(async (outer) => {
        await outer.save(Entry, { text: 'a' })
        await expect(outer.transaction((inner) => inner.insert(Entry, { text: 'a' }))).rejects.toBeInstanceOf(QueryFailedError)
        await outer.save(Entry, { text: 'b' })
      })
      expect(await texts(world)).toBe('ab')
    },
    'a custom repository takes part by withRepository': async (world) => {
      const entries = world.repo(Entry).extend({
        note(text: string) {
          return this.save({ text })
        },
      })
      const work = world.app.transaction(async (manager) => {
        await manager.withRepository(entries).note('a')
        undo()
      })
      await expect(work).rejects.toThrow('undo')
      await world.app.transaction((manager) => manager.withRepository(entries).note('b'))
      expect(await texts(world)).toBe('b')
    },
    'save of a list in a transaction is undone with it': async (world) => {
      const work = world.app.transaction(async (manager) => {
        await manager.save(
          ['a', 'b', 'c'].map((text) => manager.create(Entry, { text })),
          { chunk: 1 },
        )
        undo()
      })
      await expect(work).rejects.toThrow('undo')
      expect(await texts(world)).toBe('')
    },
    'a query runner begins, commits and gives its connection back': async (world) => {
      const runner = world.app.createQueryRunner()
      await runner.connect()
      await runner.startTransaction()
      await runner.manager.save(Entry, { text: 'a' })
      expect(runner.isTransactionActive).toBe(true)
      await runner.commitTransaction()
      await runner.release()
      expect(await texts(world)).toBe('a')
    },
    'a query runner rolls back': async (world) => {
      const runner = world.app.createQueryRunner()
      try {
        await runner.startTransaction()
        await runner.manager.save(Entry, { text: 'a' })
        await runner.rollbackTransaction()
      } finally {
        await runner.release()
      }
      expect(await texts(world)).toBe('')
    },
    'a query runner nests by savepoints': async (world) => {
      const runner = world.app.createQueryRunner()
      await runner.startTransaction()
      await runner.manager.insert(Entry, { text: 'a' })
      await runner.startTransaction()
      await runner.manager.insert(Entry, { text: 'b' })
      await runner.rollbackTransaction()
      await runner.startTransaction()
      await runner.manager.insert(Entry, { text: 'c' })
      await runner.commitTransaction()
      await runner.commitTransaction()
      await runner.release()
      expect(await texts(world)).toBe('ac')
    },
    'a query runner that has begun nothing has nothing to end': async ({ app }) => {
      const runner = app.createQueryRunner()
      try {
        await expect(runner.commitTransaction()).rejects.toBeInstanceOf(TransactionNotStartedError)
        await expect(runner.rollbackTransaction()).rejects.toBeInstanceOf(TransactionNotStartedError)
      } finally {
        await runner.release()
      }
    },
    'builders and repositories take a query runner': async (world) => {
      const runner = world.app.createQueryRunner()
      await runner.startTransaction()
      await world.app.createQueryBuilder(runner).insert().into(Entry).values({ text: 'a' }).execute()
      await runner.manager.getRepository(Entry).save({ text: 'b' })
      expect(await world.app.createQueryBuilder(Entry, 'e', runner).getCount()).toBe(2)
      await runner.rollbackTransaction()
      await runner.release()
      expect(await texts(world)).toBe('')
    },
    'a query runner sends SQL with its parameters': async ({ app, repo }) => {
      await repo(Entry).save({ text: 'a' })
      const runner = app.createQueryRunner()
      const mark = app.options.type === 'postgres' ? '$1' : '?'
      expect(await runner.query(`select text from entry where text = ${mark}`, ['a'])).toEqual([{ text: 'a' }])
      await runner.release()
    },
    'a locked row is given in a transaction': async ({ app, repo, skip }) => {
      skip(app.options.type === 'better-sqlite3', 'SQLite locks no rows')
      await repo(Entry).save({ text: 'a' })
      await app.transaction(async (manager) => {
        for (const mode of ['pessimistic_read', 'pessimistic_write'] as const) {
          expect(await manager.findOne(Entry, { where: { text: 'a' }, lock: { mode } })).toMatchObject({ text: 'a' })
          expect(await manager.createQueryBuilder(Entry, 'e').setLock(mode).getOne()).toMatchObject({ text: 'a' })
        }
        const lock = { mode: 'pessimistic_write', onLocked: 'skip_locked' } as const
        expect(await manager.find(Entry, { where: { text: 'a' }, lock })).toHaveLength(1)
      })
    },
    'an optimistic lock holds the version against the one that is expected': async ({ repo }) => {
      const { id, revision } = await repo(Entry).save(repo(Entry).create({ text: 'a' }))
      const read = (version: number): Promise<Entry | null> => repo(Entry).findOne({ where: { id }, lock: { mode: 'optimistic', version } })
      expect(await read(revision)).toMatchObject({ text: 'a' })
      await expect(read(revision + 1)).rejects.toThrow(/version/)
    },
  },
  outside: {
    'a lock is refused without a transaction': async ({ repo }) => {
      const lock = { mode: 'pessimistic_write' } as const
      await expect(repo(Entry).find({ lock })).rejects.toThrow(/transaction/)
    },
    'a transaction takes an isolation': async ({ app }) => {
      const level = await app.transaction('SERIALIZABLE', async (manager) => {
        if (app.options.type !== 'postgres') return 'serializable'
        const [row] = await manager.query<[{ transaction_isolation: string }]>('show transaction isolation level')
        return row.transaction_isolation
      })
      expect(level).toBe('serializable')
    },
    'two transactions at once do not see each other': async ({ app, repo, database, skip }) => {
      const lack = database.lacks['a connection for each session']
      skip(lack !== undefined, lack ?? '')
      await app.transaction(async (manager) => {
        await manager.save(Entry, { text: 'a' })
        expect(await repo(Entry).count()).toBe(0)
      })
      expect(await repo(Entry).count()).toBe(1)
    },
    'many at once all come to their end': async (world) => {
      const each = (text: string): Promise<unknown> => world.app.transaction((manager) => manager.save(Entry, { text }))
      if (world.database.lacks['a connection for each session']) await each('a').then(() => each('b'))
      else await Promise.all('abcdefghijkl'.split('').map(each))
      expect((await texts(world)).length).toBeGreaterThanOrEqual(2)
    },
    'a query runner that was released sends nothing more': async ({ app, skip }) => {
      skip(app.options.type === 'better-sqlite3', 'on SQLite TypeORM releases nothing')
      const runner = app.createQueryRunner()
      await runner.connect()
      await runner.release()
      expect(runner.isReleased).toBe(true)
      await expect(runner.query('select 1')).rejects.toThrow(/released/)
    },
  },
  inScope: {
    'a row is locked until the scope ends, without a transaction of its own': async ({ app, repo, skip }) => {
      skip(app.options.type === 'better-sqlite3', 'SQLite locks no rows')
      await repo(Entry).save({ text: 'a' })
      expect(await repo(Entry).findOne({ where: { text: 'a' }, lock: { mode: 'pessimistic_write' } })).toMatchObject({ text: 'a' })
    },
    'the release of a query runner leaves the scope its connection': async (world) => {
      const runner = world.app.createQueryRunner()
      await runner.startTransaction()
      await runner.manager.insert(Entry, { text: 'a' })
      await runner.commitTransaction()
      await runner.release()
      await world.repo(Entry).insert({ text: 'b' })
      expect(await texts(world)).toBe('ab')
    },
  },
}
