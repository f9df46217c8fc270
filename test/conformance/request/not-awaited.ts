import type { EntityManager, Repository } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { type noteModel, rowIn, type World } from '../world.ts'

type Note = InstanceType<ReturnType<typeof noteModel>>

/** TypeORM as the handler of a route has it. */
interface Typeorm {
  readonly world: World
  readonly notes: Repository<Note>
  readonly manager: EntityManager
  /** The note of the route, as TypeORM loaded it. */
  readonly note: Note
}

/** Calls of plain TypeORM, with the texts that are there afterwards; `one` and `two` are there before. */
const writes: Readonly<Record<string, readonly [call: (typeorm: Typeorm) => unknown, texts: readonly string[]]>> = {
  'repository.save': [({ notes }) => notes.save({ text: 'new' }), ['one', 'two', 'new']],
  'repository.insert': [({ notes }) => notes.insert({ text: 'new' }), ['one', 'two', 'new']],
  'repository.update': [({ notes }) => notes.update({ text: 'one' }, { text: 'new' }), ['new', 'two']],
  'repository.upsert': [({ notes }) => notes.upsert({ id: 99, text: 'new' }, ['id']), ['one', 'two', 'new']],
  'repository.delete': [({ notes }) => notes.delete({ text: 'one' }), ['two']],
  'repository.remove': [({ notes, note }) => notes.remove(note), ['two']],
  'repository.softDelete': [({ notes }) => notes.softDelete({ text: 'one' }), ['two']],
  'repository.softRemove': [({ notes, note }) => notes.softRemove(note), ['two']],
  'repository.increment': [({ notes }) => notes.increment({ text: 'one' }, 'n', 1), ['one', 'two']],
  'manager.save': [({ manager, world }) => manager.save(world.Note, { text: 'new' }), ['one', 'two', 'new']],
  'manager.remove': [({ manager, note }) => manager.remove(note), ['two']],
  'manager.query': [({ manager }) => manager.query("update note set text = 'new' where text = 'one'"), ['new', 'two']],
  'manager.transaction': [
    ({ manager, world }) => manager.transaction(async (inner) => void (await inner.insert(world.Note, { text: 'new' }))),
    ['one', 'two', 'new'],
  ],
  'session.manager.save': [({ world }) => world.db.session.manager.save(world.Note, { text: 'new' }), ['one', 'two', 'new']],
  'dataSource.query': [({ world }) => world.db.dataSource.query("delete from note where text = 'one'"), ['two']],
  'dataSource.transaction': [
    ({ world }) => world.db.dataSource.transaction(async (inner) => void (await inner.delete(world.Note, { text: 'one' }))),
    ['two'],
  ],
  'queryRunner.query': [({ world }) => world.db.dataSource.createQueryRunner().query("delete from note where text = 'one'"), ['two']],
  'the builder of an INSERT': [({ notes }) => notes.createQueryBuilder().insert().values({ text: 'new' }).execute(), ['one', 'two', 'new']],
  'the builder of an UPDATE': [
    ({ notes }) => notes.createQueryBuilder().update().set({ text: 'new' }).where({ text: 'one' }).execute(),
    ['new', 'two'],
  ],
  'the builder of a DELETE': [({ notes }) => notes.createQueryBuilder().delete().where({ text: 'one' }).execute(), ['two']],
  'the builder of a soft delete': [({ notes }) => notes.createQueryBuilder().softDelete().where({ text: 'one' }).execute(), ['two']],
}

/** Calls of plain TypeORM that the database or TypeORM refuses. */
const failures: Readonly<Record<string, (typeorm: Typeorm) => unknown>> = {
  'repository.save': ({ notes }) => notes.save({ text: null as never }),
  'repository.insert': ({ notes }) => notes.insert({ text: null as never }),
  'repository.update': ({ notes }) => notes.update({ text: 'one' }, { text: null as never }),
  'repository.find': ({ notes }) => notes.find({ where: { nope: 1 } as never }),
  'repository.findOneByOrFail': ({ notes }) => notes.findOneByOrFail({ text: 'none' }),
  'repository.count': ({ notes }) => notes.count({ where: { nope: 1 } as never }),
  'manager.find': ({ manager, world }) => manager.find(world.Note, { where: { nope: 1 } as never }),
  'manager.save': ({ manager, world }) => manager.save(world.Note, { text: null as never }),
  'manager.transaction': ({ manager }) => manager.transaction(() => Promise.reject(new Error('no'))),
  'dataSource.query': ({ world }) => world.db.dataSource.query('select nope from note'),
  'queryRunner.query': ({ world }) => world.db.dataSource.createQueryRunner().query('select nope from note'),
  'getMany of a builder': ({ notes }) => notes.createQueryBuilder().where('nope = 1').getMany(),
  'getOne of a builder': ({ notes }) => notes.createQueryBuilder().where('nope = 1').getOne(),
  'getCount of a builder': ({ notes }) => notes.createQueryBuilder().where('nope = 1').getCount(),
  'getRawMany of a builder': ({ notes }) => notes.createQueryBuilder().where('nope = 1').getRawMany(),
  'execute of a builder': ({ notes }) => notes.createQueryBuilder().delete().where('nope = 1').execute(),
}

/** Old code often calls TypeORM without awaiting it. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)
  const serve = async (world: World, call: (typeorm: Typeorm) => unknown): Promise<number> => {
    const app = await world.start({
      'POST /notes': async () => {
        const { dataSource } = world.db
        const notes = dataSource.getRepository<Note>(world.Note)
        const note = await notes.findOneByOrFail({ text: 'one' })
        void call({ world, notes, note, manager: dataSource.manager })
        return { json: { ok: true } }
      },
    })
    const { status } = await fetch(`${app.url}/notes`, { method: 'POST' })
    await app.stop()
    return status
  }

  row('what TypeORM writes and nobody awaits is kept, and the answer waits for it', async (world) => {
    const lost: string[] = []
    for (const [name, [call, texts]] of Object.entries(writes)) {
      await world.db.dataSource.query('delete from note')
      await world.Note.createMany([{ text: 'one' }, { text: 'two' }])
      const status = await serve(world, call)
      const kept = await world.texts()
      if (status !== 200 || String(kept.toSorted()) !== String(texts.toSorted())) lost.push(`${name}: ${status} ${String(kept)}`)
    }
    expect(lost).toEqual([])
    expect(world.reports).toEqual([])
  })

  row('a table that is cleared, and nobody awaits it, is empty, or the answer says error', async (world) => {
    await world.Note.create({ text: 'one' })
    // MySQL and MariaDB commit to truncate, which no scope allows; PostgreSQL truncates no table that others refer to.
    const isKept = (await serve(world, ({ notes }) => notes.clear())) >= 400
    expect(await world.texts()).toEqual(isKept ? ['one'] : [])
    expect(isKept).toBe(database.name !== 'sqlite')
  })

  row('what TypeORM is asked for, fails and nobody awaits makes the answer an error, and does not end the process', async (world) => {
    await world.Note.create({ text: 'one' })
    const unseen: string[] = []
    const rejections: unknown[] = []
    const listen = (reason: unknown): void => void rejections.push(reason)
    process.on('unhandledRejection', listen)
    try {
      for (const [name, call] of Object.entries(failures)) {
        world.reports.length = 0
        const status = await serve(world, async (typeorm) => {
          void typeorm.notes.insert({ text: 'beside' })
          void call(typeorm)
        })
        await new Promise(setImmediate)
        const isTold = world.reports.some(({ kind }) => kind === 'not-awaited')
        if (status < 400 || !isTold || rejections.length > 0) {
          unseen.push(`${name}: ${status} ${String(world.reports.map(({ kind }) => kind))} ${String(rejections.splice(0))}`)
        }
      }
    } finally {
      process.off('unhandledRejection', listen)
    }
    expect(unseen).toEqual([])
    expect(await world.texts()).toEqual(['one'])
  })
}
