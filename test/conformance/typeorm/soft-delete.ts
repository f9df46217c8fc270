import { Column, DeleteDateColumn, Entity, JoinTable, ManyToMany, ManyToOne, OneToMany, PrimaryGeneratedColumn } from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

@Entity()
class Folder {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @DeleteDateColumn() declare removedAt: Date | null
  @OneToMany(
    () => Paper,
    (paper) => paper.folder,
    { cascade: ['insert', 'soft-remove', 'recover'] },
  )
  declare papers: Paper[]
}

@Entity()
class Paper {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare text: string
  @DeleteDateColumn() declare removedAt: Date | null
  @ManyToOne(
    () => Folder,
    (folder) => folder.papers,
    { nullable: true },
  )
  declare folder: Folder | null
  @ManyToMany(() => Mark)
  @JoinTable()
  declare marks: Mark[]
}

@Entity()
class Mark {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare word: string
}

const folder = async ({ repo }: World, name: string, ...texts: string[]): Promise<Folder> =>
  repo(Folder).save({ name, papers: texts.map((text) => ({ text })) } as Folder)
const texts = async ({ repo }: World, withDeleted = false): Promise<string> =>
  (await repo(Paper).find({ withDeleted, order: { text: 'ASC' } })).map(({ text }) => text).join('')

/** Rows that are marked as deleted. */
export const softDelete: Topic = {
  title: 'soft delete',
  options: { entities: [Folder, Paper, Mark] },
  rows: {
    'softDelete by values hides the rows, and tells how many': async (world) => {
      await folder(world, 'x', 'a', 'a', 'b')
      expect((await world.repo(Paper).softDelete({ text: 'a' })).affected).toBe(2)
      expect([await texts(world), await texts(world, true)]).toEqual(['b', 'aab'])
    },
    'softDelete by a key and by keys': async (world) => {
      const { papers } = await folder(world, 'x', 'a', 'b', 'c')
      const [a, b, c] = papers.map(({ id }) => id)
      await world.repo(Paper).softDelete(a ?? 0)
      await world.repo(Paper).softDelete([b ?? 0, c ?? 0])
      expect([await texts(world), await texts(world, true)]).toEqual(['', 'abc'])
    },
    'restore brings them back': async (world) => {
      await folder(world, 'x', 'a', 'b')
      await world.repo(Paper).softDelete({ text: 'a' })
      expect((await world.repo(Paper).restore({ text: 'a' })).affected).toBe(1)
      expect(await texts(world)).toBe('ab')
      expect(await world.repo(Paper).findOneByOrFail({ text: 'a' })).toMatchObject({ removedAt: null })
    },
    'softDelete without a condition is refused': async (world) => {
      await folder(world, 'x', 'a')
      await expect(world.repo(Paper).softDelete({})).rejects.toThrow(/criteria/)
      expect(await texts(world)).toBe('a')
    },
    'softRemove gives the object its time': async (world) => {
      const { papers } = await folder(world, 'x', 'a', 'b')
      const [a] = papers as [Paper]
      expect(await world.repo(Paper).softRemove(a)).toBe(a)
      expect(a.removedAt).toBeInstanceOf(Date)
      expect(a.id).toBeTypeOf('number')
      expect(await texts(world)).toBe('b')
    },
    'softRemove of a list': async (world) => {
      const { papers } = await folder(world, 'x', 'a', 'b', 'c')
      await world.repo(Paper).softRemove(papers.slice(1))
      expect([await texts(world), await texts(world, true)]).toEqual(['a', 'abc'])
    },
    'recover takes the time from the object': async (world) => {
      const { papers } = await folder(world, 'x', 'a')
      const [a] = papers as [Paper]
      await world.repo(Paper).softRemove(a)
      await world.repo(Paper).recover(a)
      expect([a.removedAt, await texts(world)]).toEqual([null, 'a'])
    },
    'softRemove and recover go along the cascades that name them': async (world) => {
      const x = await folder(world, 'x', 'a', 'b')
      await world.repo(Folder).softRemove(x)
      expect([await texts(world), await world.repo(Folder).count()]).toEqual(['', 0])
      const [found] = await world.repo(Folder).find({ where: { name: 'x' }, relations: { papers: true }, withDeleted: true })
      await world.repo(Folder).recover(found as Folder)
      expect([await texts(world), await world.repo(Folder).count()]).toEqual(['ab', 1])
    },
    'count, exists, sum and findAndCount see what is there': async (world) => {
      await folder(world, 'x', 'a', 'b')
      await world.repo(Paper).softDelete({ text: 'a' })
      const papers = world.repo(Paper)
      expect([await papers.count(), await papers.count({ withDeleted: true })]).toEqual([1, 2])
      expect([await papers.existsBy({ text: 'a' }), await papers.exists({ where: { text: 'a' }, withDeleted: true })]).toEqual([
        false,
        true,
      ])
      expect((await papers.findAndCount())[1]).toBe(1)
    },
    'findOne does not find it, unless it is asked for': async (world) => {
      await folder(world, 'x', 'a')
      await world.repo(Paper).softDelete({ text: 'a' })
      expect(await world.repo(Paper).findOneBy({ text: 'a' })).toBeNull()
      expect(await world.repo(Paper).findOne({ where: { text: 'a' }, withDeleted: true })).toMatchObject({ text: 'a' })
    },
    'relations to many leave deleted rows out': async (world) => {
      await folder(world, 'x', 'a', 'b')
      await world.repo(Paper).softDelete({ text: 'a' })
      const find = async (withDeleted: boolean): Promise<string[] | undefined> => {
        const [found] = await world.repo(Folder).find({ relations: { papers: true }, order: { papers: { text: 'ASC' } }, withDeleted })
        return found?.papers.map(({ text }) => text)
      }
      expect([await find(false), await find(true)]).toEqual([['b'], ['a', 'b']])
    },
    'a relation to one that is deleted is null': async (world) => {
      await folder(world, 'x', 'a')
      await world.repo(Folder).softDelete({ name: 'x' })
      expect(await world.repo(Paper).findOneOrFail({ where: { text: 'a' }, relations: { folder: true } })).toMatchObject({ folder: null })
      const seen = await world.repo(Paper).findOneOrFail({ where: { text: 'a' }, relations: { folder: true }, withDeleted: true })
      expect(seen).toMatchObject({ folder: { name: 'x' } })
    },
    'a builder of SELECT hides deleted rows, and shows them by withDeleted': async (world) => {
      await folder(world, 'x', 'a', 'b')
      await world.repo(Paper).softDelete({ text: 'a' })
      const papers = (): ReturnType<ReturnType<typeof world.repo<Paper>>['createQueryBuilder']> => world.repo(Paper).createQueryBuilder('p')
      expect([await papers().getCount(), await papers().withDeleted().getCount()]).toEqual([1, 2])
    },
    'withDeleted before a join shows deleted rows of it, after it does not': async (world) => {
      await folder(world, 'x', 'a', 'b')
      await world.repo(Paper).softDelete({ text: 'a' })
      const folders = world.repo(Folder)
      const before = await folders.createQueryBuilder('f').withDeleted().leftJoinAndSelect('f.papers', 'p').getOneOrFail()
      const after = await folders.createQueryBuilder('f').leftJoinAndSelect('f.papers', 'p').withDeleted().getOneOrFail()
      expect([before.papers.length, after.papers.length]).toEqual([2, 1])
    },
    'builders of soft delete and restore take conditions': async (world) => {
      await folder(world, 'x', 'a', 'b', 'c')
      const builder = (): ReturnType<typeof world.app.createQueryBuilder> => world.app.createQueryBuilder()
      await builder()
        .softDelete()
        .from(Paper)
        .where('text in (:...texts)', { texts: ['a', 'b'] })
        .execute()
      expect(await texts(world)).toBe('c')
      await builder().restore().from(Paper).where('text = :text', { text: 'a' }).execute()
      expect(await texts(world)).toBe('ac')
    },
    'remove deletes the row of what was marked': async (world) => {
      const { papers } = await folder(world, 'x', 'a')
      const [a] = papers as [Paper]
      await world.repo(Paper).softRemove(a)
      await world.repo(Paper).remove(a)
      expect(await texts(world, true)).toBe('')
    },
    'delete deletes it too': async (world) => {
      await folder(world, 'x', 'a', 'b')
      await world.repo(Paper).softDelete({ text: 'a' })
      await world.repo(Paper).delete({ text: 'a' })
      expect(await texts(world, true)).toBe('b')
    },
    'links to many stay while a row is marked': async (world) => {
      const mark = await world.repo(Mark).save({ word: 'new' })
      const paper = await world.repo(Paper).save(world.repo(Paper).create({ text: 'a', marks: [mark] }))
      await world.repo(Paper).softRemove(paper)
      await world.repo(Paper).recover(paper)
      expect(await world.repo(Paper).findOneOrFail({ where: { text: 'a' }, relations: { marks: true } })).toMatchObject({
        marks: [{ word: 'new' }],
      })
    },
    'save of the date by hand marks the row': async (world) => {
      const { papers } = await folder(world, 'x', 'a')
      await world.repo(Paper).save({ id: papers[0]?.id ?? 0, removedAt: new Date() })
      expect(await texts(world)).toBe('')
    },
    'an entity without the column is refused': async (world) => {
      await world.repo(Mark).save({ word: 'new' })
      await expect(world.repo(Mark).softDelete({ word: 'new' })).rejects.toThrow(/delete date column/i)
      expect(await world.repo(Mark).count()).toBe(1)
    },
  },
}
