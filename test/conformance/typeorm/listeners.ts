import {
  AfterInsert,
  AfterLoad,
  AfterRecover,
  AfterRemove,
  AfterSoftRemove,
  AfterUpdate,
  BeforeInsert,
  BeforeRecover,
  BeforeRemove,
  BeforeSoftRemove,
  BeforeUpdate,
  Column,
  DeleteDateColumn,
  Entity,
  type EntitySubscriberInterface,
  EventSubscriber,
  type InsertEvent,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  type RemoveEvent,
  type TransactionCommitEvent,
  type UpdateEvent,
} from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

/** What was heard since it was last asked for. */
const heard: string[] = []
const told = (): string[] => heard.splice(0)

@Entity()
class Story {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 60 }) declare title: string
  @Column('varchar', { length: 60, nullable: true }) declare slug: string | null
  @DeleteDateColumn() declare removedAt: Date | null
  @OneToMany(
    () => Line,
    (line) => line.story,
    { cascade: true },
  )
  declare lines: Line[]

  @BeforeInsert() makeSlug(): void {
    this.slug = this.title.toLowerCase()
    heard.push('before insert')
  }
  @AfterInsert() inserted(): void {
    heard.push(`after insert ${typeof this.id}`)
  }
  @BeforeUpdate() updating(): void {
    heard.push('before update')
  }
  @AfterUpdate() updated(): void {
    heard.push('after update')
  }
  @BeforeRemove() removing(): void {
    heard.push('before remove')
  }
  @AfterRemove() removed(): void {
    heard.push('after remove')
  }
  @BeforeSoftRemove() hiding(): void {
    heard.push('before soft remove')
  }
  @AfterSoftRemove() hidden(): void {
    heard.push('after soft remove')
  }
  @BeforeRecover() recovering(): void {
    heard.push('before recover')
  }
  @AfterRecover() recovered(): void {
    heard.push('after recover')
  }
  @AfterLoad() loaded(): void {
    heard.push('load')
  }
}

@Entity()
class Line {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 60 }) declare text: string
  @ManyToOne(
    () => Story,
    (story) => story.lines,
    { nullable: true },
  )
  declare story: Story | null
}

/** Keeps a line of what happens to lines. */
@Entity()
class Trace {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 60 }) declare what: string
}

@EventSubscriber()
class Tracer implements EntitySubscriberInterface<Line> {
  listenTo(): typeof Line {
    return Line
  }
  beforeInsert({ entity }: InsertEvent<Line>): void {
    entity.text = entity.text.trim()
  }
  async afterInsert({ entity, manager }: InsertEvent<Line>): Promise<void> {
    await manager.insert(Trace, { what: `insert ${entity.text}` })
  }
  afterUpdate({ updatedColumns, databaseEntity, entity, queryRunner }: UpdateEvent<Line>): void {
    const columns = updatedColumns.map(({ propertyName }) => propertyName).join()
    heard.push(`${columns}: ${databaseEntity.text} to ${String(entity?.['text'])} ${String(queryRunner.data['by'] ?? '')}`.trim())
  }
  async beforeRemove({ databaseEntity, manager }: RemoveEvent<Line>): Promise<void> {
    await manager.insert(Trace, { what: `remove ${databaseEntity.text}` })
    if (databaseEntity.text === 'kept') throw new Error('is kept')
  }
}

@EventSubscriber()
class Commits implements EntitySubscriberInterface {
  afterTransactionCommit({ queryRunner }: TransactionCommitEvent): void {
    if (queryRunner.data['tell'] === true) heard.push('commit')
  }
}

const traces = async ({ repo }: World): Promise<string[]> => (await repo(Trace).find({ order: { id: 'ASC' } })).map(({ what }) => what)

/** What listeners of entities and subscribers hear. */
export const listeners: Topic = {
  title: 'listeners and subscribers',
  options: { entities: [Story, Line, Trace], subscribers: [Tracer, Commits] },
  rows: {
    'insert: before and after, and what the first sets is written': async ({ repo }) => {
      told()
      await repo(Story).save(repo(Story).create({ title: 'ABC' }))
      expect(told()).toEqual(['before insert', 'after insert number'])
      expect(await repo(Story).countBy({ slug: 'abc' })).toBe(1)
    },
    'update: before and after, where something has changed': async ({ repo }) => {
      const story = await repo(Story).save(repo(Story).create({ title: 'a' }))
      told()
      await repo(Story).save(story)
      expect(told().filter((each) => each !== 'load')).toEqual([])
      await repo(Story).save(Object.assign(story, { title: 'b' }))
      expect(told().filter((each) => each !== 'load')).toEqual(['before update', 'after update'])
    },
    'remove: before and after': async ({ repo }) => {
      const story = await repo(Story).save(repo(Story).create({ title: 'a' }))
      told()
      await repo(Story).remove(story)
      expect(told().filter((each) => each !== 'load')).toEqual(['before remove', 'after remove'])
    },
    'soft remove and recover: before and after': async ({ repo }) => {
      const story = await repo(Story).save(repo(Story).create({ title: 'a' }))
      told()
      await repo(Story).softRemove(story)
      await repo(Story).recover(story)
      const events = ['before soft remove', 'after soft remove', 'before recover', 'after recover']
      expect(told().filter((each) => each !== 'load')).toEqual(events)
    },
    'load: once for each row that is read': async ({ repo }) => {
      await repo(Story).insert([{ title: 'a' }, { title: 'b' }])
      told()
      await repo(Story).find()
      await repo(Story).findOneBy({ title: 'a' })
      await repo(Story).createQueryBuilder('story').getMany()
      expect(told()).toEqual(['load', 'load', 'load', 'load', 'load'])
    },
    'load: also of a row that a relation brings': async ({ repo }) => {
      await repo(Line).save(repo(Line).create({ text: 'x', story: await repo(Story).save({ title: 'a' }) }))
      told()
      await repo(Line).find({ relations: { story: true } })
      expect(told()).toEqual(['load'])
    },
    'insert and update by values call no listener of an object': async ({ repo }) => {
      await repo(Story).insert({ title: 'a' })
      told()
      await repo(Story).update({ title: 'a' }, { title: 'b' })
      await repo(Story).delete({ title: 'b' })
      expect(told().filter((each) => each.startsWith('after remove'))).toEqual([])
    },
    'listeners are left out where the call says so': async ({ repo }) => {
      const story = repo(Story).create({ title: 'ABC' })
      told()
      await repo(Story).save(story, { listeners: false })
      await repo(Story).remove(story, { listeners: false })
      expect([told().filter((each) => each !== 'load'), story.slug]).toEqual([[], null])
    },
    'a subscriber changes what is inserted': async ({ repo }) => {
      await repo(Line).save({ text: '  x ' })
      expect(await repo(Line).find()).toMatchObject([{ text: 'x' }])
    },
    'a subscriber writes in the same transaction': async (world) => {
      await world.repo(Line).save({ text: 'x' })
      expect(await traces(world)).toEqual(['insert x'])
      const work = world.app.transaction(async (manager) => {
        await manager.save(Line, { text: 'y' })
        throw new Error('undo')
      })
      await expect(work).rejects.toThrow('undo')
      expect(await traces(world)).toEqual(['insert x'])
    },
    'a subscriber hears of rows that come by a cascade': async (world) => {
      await world.repo(Story).save({ title: 'a', lines: [{ text: 'x' }, { text: 'y' }] })
      expect((await traces(world)).toSorted()).toEqual(['insert x', 'insert y'])
    },
    'a subscriber hears of an insert by values': async (world) => {
      await world.repo(Line).insert({ text: 'x' })
      expect(await traces(world)).toEqual(['insert x'])
    },
    'a subscriber is told which columns have changed, and from what': async ({ repo }) => {
      const line = await repo(Line).save({ text: 'x' })
      told()
      await repo(Line).save({ id: line.id, text: 'y' })
      expect(told()).toEqual(['text: x to y'])
    },
    'data that is given to a call reaches the subscriber': async ({ repo }) => {
      const line = await repo(Line).save({ text: 'x' })
      told()
      await repo(Line).save({ id: line.id, text: 'y' }, { data: { by: 'Ada' } })
      expect(told()).toEqual(['text: x to y Ada'])
    },
  },
  outside: {
    'a subscriber that throws undoes what it wrote and what it was told of': async (world) => {
      const line = await world.repo(Line).save(world.repo(Line).create({ text: 'kept' }))
      await expect(world.repo(Line).remove(line)).rejects.toThrow('is kept')
      expect([await world.repo(Line).count(), await traces(world)]).toEqual([1, ['insert kept']])
    },
    'the end of a transaction is heard of': async ({ repo }) => {
      told()
      await repo(Line).save({ text: 'x' }, { data: { tell: true } })
      expect(told()).toEqual(['commit'])
    },
  },
}
