import {
  BaseEntity,
  Column,
  CreateDateColumn,
  Entity,
  Generated,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  DeleteDateColumn,
  UpdateDateColumn,
  type ValueTransformer,
  VirtualColumn,
} from 'typeorm'
import { expect } from 'vitest'
import type { Topic } from './topic.ts'

const shout: ValueTransformer = {
  to: (value?: string) => value?.toUpperCase(),
  from: (value?: string | null) => value?.toLowerCase(),
}
/** Told whether it was given the dates that a column of dates holds. */
const day: ValueTransformer = {
  to: (value?: Date) => (value instanceof Date ? value : undefined),
  from: (value: Date) => value,
}

enum Size {
  small = 's',
  large = 'l',
}

@Entity()
class Sample {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30, transformer: shout, nullable: true }) declare word: string | null
  @Column('simple-json', { nullable: true }) declare settings: { readonly deep: readonly number[] } | null
  @Column('simple-array', { nullable: true }) declare list: string[] | null
  @Column({ type: 'simple-enum', enum: Size, default: Size.small }) declare size: Size
  @Column('boolean', { default: false }) declare isReady: boolean
  @Column('decimal', { precision: 8, scale: 2, default: 0 }) declare price: string
  @Column({ type: 'varchar', length: 30, default: 'fixed', update: false }) declare once: string
  @Column({ type: 'varchar', length: 30, default: 'given', insert: false }) declare later: string
  @Column('date', { nullable: true }) declare born: string | null
  @Column('uuid') @Generated('uuid') declare token: string
  @CreateDateColumn() declare madeAt: Date
  @UpdateDateColumn({ transformer: day }) declare changedAt: Date
}

@Entity()
class Keeper extends BaseEntity {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30, unique: true }) declare name: string
  @Column('int', { default: 0 }) declare visits: number
  @DeleteDateColumn() declare leftAt: Date | null
  @OneToMany(
    () => Animal,
    (animal) => animal.keeper,
  )
  declare animals: Animal[]
  @VirtualColumn('int', {
    query: (alias) => `select count(*) from animal where ${quoted('keeperId')} = ${alias}.id`,
    transformer: { from: Number, to: Number },
  })
  declare animalCount: number

  static named(name: string): Promise<Keeper[]> {
    return this.findBy({ name })
  }
}

@Entity()
class Animal extends BaseEntity {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @ManyToOne(
    () => Keeper,
    (keeper) => keeper.animals,
    { nullable: true },
  )
  declare keeper: Keeper | null
}

/** A name that every database takes: PostgreSQL folds others. */
let quote = '"'
function quoted(name: string): string {
  return `${quote}${name}${quote}`
}

/** What columns hold, and active records. */
export const columns: Topic = {
  title: 'columns and active records',
  options: { entities: [Sample, Keeper, Animal] },
  rows: {
    'a transformer stands between the object and the row, in conditions too': async ({ repo, app }) => {
      await repo(Sample).save({ word: 'abc' })
      expect(await app.query('select word from sample')).toEqual([{ word: 'ABC' }])
      expect(await repo(Sample).findOneByOrFail({ word: 'Abc' })).toMatchObject({ word: 'abc' })
    },
    'a transformer of a date gets a date, whoever writes it': async ({ repo }) => {
      const { id } = await repo(Sample).save(repo(Sample).create({ word: 'a' }))
      await repo(Sample).update({ id }, { word: 'b' })
      await repo(Sample).createQueryBuilder().update().set({ word: 'c' }).where({ id }).execute()
      expect((await repo(Sample).findOneByOrFail({ id })).changedAt).toBeInstanceOf(Date)
    },
    'JSON and lists come back as they went': async ({ repo }) => {
      const { id } = await repo(Sample).save({ settings: { deep: [1, 2] }, list: ['a', 'b'] })
      expect(await repo(Sample).findOneBy({ id })).toMatchObject({ settings: { deep: [1, 2] }, list: ['a', 'b'] })
    },
    'a changed JSON is saved': async ({ repo }) => {
      const sample = await repo(Sample).save(repo(Sample).create({ settings: { deep: [1] } }))
      sample.settings = { deep: [1, 2, 3] }
      await repo(Sample).save(sample)
      expect(await repo(Sample).find()).toMatchObject([{ settings: { deep: [1, 2, 3] } }])
    },
    'enums, booleans and decimals': async ({ repo }) => {
      await repo(Sample).save([{ size: Size.large, isReady: true, price: '12.50' }, {}])
      const [large] = await repo(Sample).findBy({ size: Size.large })
      expect([large?.isReady, Number(large?.price)]).toEqual([true, 12.5])
      expect(await repo(Sample).findBy({ isReady: false })).toMatchObject([{ size: Size.small }])
    },
    'a column that is not updated keeps its first value': async ({ repo }) => {
      const sample = await repo(Sample).save(repo(Sample).create({ once: 'first' }))
      await repo(Sample).save(Object.assign(sample, { once: 'second', word: 'x' }))
      expect(await repo(Sample).find()).toMatchObject([{ once: 'first', word: 'x' }])
    },
    'a column that is not inserted has its default': async ({ repo }) => {
      const { id } = await repo(Sample).save({ later: 'mine' })
      expect(await repo(Sample).findOneBy({ id })).toMatchObject({ later: 'given' })
    },
    'a day is a text without a time': async ({ repo }) => {
      const { id } = await repo(Sample).save({ born: '2024-02-29' })
      expect(await repo(Sample).findOneBy({ id })).toMatchObject({ born: '2024-02-29' })
    },
    'a value is generated for a column that is no key': async ({ repo }) => {
      const [one, two] = await repo(Sample).save([repo(Sample).create(), repo(Sample).create()])
      expect(one?.token).toMatch(/^[\da-f-]{36}$/)
      expect(one?.token).not.toBe(two?.token)
    },
    'a date is given, and is found by it': async ({ repo }) => {
      const madeAt = new Date('2024-05-06T07:08:09.000Z')
      await repo(Sample).save({ madeAt })
      expect(await repo(Sample).findOneByOrFail({ madeAt })).toMatchObject({ madeAt })
    },
    'a virtual column is computed as it is read': async ({ app, repo }) => {
      quote = app.options.type === 'mariadb' ? '`' : '"'
      const keeper = await repo(Keeper).save(repo(Keeper).create({ name: 'Ada' }))
      await repo(Animal).save([
        { name: 'Rex', keeper },
        { name: 'Tom', keeper },
      ] as Animal[])
      expect((await repo(Keeper).findOneByOrFail({ name: 'Ada' })).animalCount).toBe(2)
    },
    'an active record saves, reloads and removes itself': async () => {
      const keeper = Object.assign(new Keeper(), { name: 'Ada' })
      expect(await keeper.save()).toBe(keeper)
      await Keeper.update({ name: 'Ada' }, { visits: 7 })
      await keeper.reload()
      expect([keeper.visits, keeper.hasId()]).toEqual([7, true])
      await keeper.remove()
      expect(await Keeper.count()).toBe(0)
    },
    'an active record is marked and recovered': async () => {
      const keeper = await Keeper.save(Keeper.create({ name: 'Ada' }))
      await keeper.softRemove()
      expect([await Keeper.count(), await Keeper.count({ withDeleted: true })]).toEqual([0, 1])
      await keeper.recover()
      expect(await Keeper.countBy({ name: 'Ada' })).toBe(1)
    },
    'statics of an active record are those of its repository': async ({ repo }) => {
      await Keeper.insert([{ name: 'Ada' }, { name: 'Bob' }])
      await Keeper.upsert({ name: 'Bob', visits: 3 }, ['name'])
      expect((await Keeper.find({ order: { name: 'ASC' } })).map(({ visits }) => visits)).toEqual([0, 3])
      expect([await Keeper.existsBy({ name: 'Cid' }), await Keeper.countBy({ name: 'Ada' })]).toEqual([false, 1])
      await Keeper.delete({ name: 'Ada' })
      expect(await Keeper.createQueryBuilder('k').getCount()).toBe(1)
      expect(Keeper.getRepository()).toBe(repo(Keeper))
    },
    'statics of its own ask by the others': async () => {
      await Keeper.insert({ name: 'Ada' })
      expect(await Keeper.named('Ada')).toHaveLength(1)
    },
    'an active record has its relations': async () => {
      const keeper = await Keeper.save(Keeper.create({ name: 'Ada' }))
      await Animal.save(Animal.create({ name: 'Rex', keeper }))
      const rex = await Animal.findOneOrFail({ where: { name: 'Rex' }, relations: { keeper: true } })
      expect(rex.keeper).toBeInstanceOf(Keeper)
    },
  },
}
