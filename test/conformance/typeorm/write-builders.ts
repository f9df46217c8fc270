import {
  Column,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  QueryFailedError,
  UpdateDateColumn,
} from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

@Entity()
class Item {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30, unique: true }) declare sku: string
  @Column('int', { default: 0 }) declare stock: number
  @Column('varchar', { length: 30, nullable: true }) declare place: string | null
  @UpdateDateColumn() declare changedAt: Date
  @ManyToOne(
    () => Brand,
    (brand) => brand.items,
    { nullable: true },
  )
  declare brand: Brand | null
  @ManyToMany(
    () => Badge,
    (badge) => badge.items,
  )
  @JoinTable()
  declare badges: Badge[]
}

@Entity()
class Brand {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @OneToMany(
    () => Item,
    (item) => item.brand,
  )
  declare items: Item[]
}

@Entity()
class Badge {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare word: string
  @ManyToMany(
    () => Item,
    (item) => item.badges,
  )
  declare items: Item[]
}

const stocks = async ({ repo }: World): Promise<string> =>
  (await repo(Item).find({ order: { sku: 'ASC' } })).map(({ sku, stock }) => `${sku}${stock}`).join(' ')
const items = ({ repo }: World, ...skus: string[]): Promise<Item[]> => repo(Item).save(skus.map((sku) => ({ sku, stock: 1 })) as Item[])
const linked = async ({ repo }: World, sku: string): Promise<string[]> => {
  const { badges } = await repo(Item).findOneOrFail({ where: { sku }, relations: { badges: true } })
  return badges.map(({ word }) => word).toSorted()
}
const badges = async ({ repo }: World): Promise<[Badge, Badge]> =>
  (await repo(Badge).save([{ word: 'new' }, { word: 'old' }])) as [Badge, Badge]

/** Builders of what writes, and of relations. */
export const writeBuilders: Topic = {
  title: 'builders that write',
  options: { entities: [Item, Brand, Badge] },
  rows: {
    'insert of one and of many': async (world) => {
      const insert = world.app.createQueryBuilder().insert().into(Item)
      expect((await insert.values({ sku: 'a', stock: 2 }).execute()).identifiers).toHaveLength(1)
      await world
        .repo(Item)
        .createQueryBuilder()
        .insert()
        .values([{ sku: 'b' }, { sku: 'c', stock: 3 }])
        .execute()
      expect(await stocks(world)).toBe('a2 b0 c3')
    },
    'insert of some columns': async (world) => {
      await world.app.createQueryBuilder().insert().into(Item, ['sku']).values({ sku: 'a', stock: 7 }).execute()
      expect(await stocks(world)).toBe('a0')
    },
    'insert of an expression of SQL': async (world) => {
      await world.app
        .createQueryBuilder()
        .insert()
        .into(Item)
        .values({ sku: () => "lower('ABC')", stock: () => '2 + 3' })
        .execute()
      expect(await stocks(world)).toBe('abc5')
    },
    'insert fills in the object that it was given, unless it is told not to': async (world) => {
      const [one, two] = [world.repo(Item).create({ sku: 'a' }), world.repo(Item).create({ sku: 'b' })]
      await world.app.createQueryBuilder().insert().into(Item).values(one).execute()
      await world.app.createQueryBuilder().insert().into(Item).values(two).updateEntity(false).execute()
      expect([typeof one.id, one.stock, two.id]).toEqual(['number', 0, undefined])
    },
    'insert or ignore leaves a row that is there': async (world) => {
      await items(world, 'a')
      await world.app
        .createQueryBuilder()
        .insert()
        .into(Item)
        .values([{ sku: 'a', stock: 9 }, { sku: 'b' }])
        .orIgnore()
        .execute()
      expect(await stocks(world)).toBe('a1 b0')
    },
    'insert or update changes the columns that it names': async (world) => {
      await world.repo(Item).save({ sku: 'a', stock: 1, place: 'x' })
      const insert = world.app.createQueryBuilder().insert().into(Item)
      await insert.values({ sku: 'a', stock: 9, place: 'y' }).orUpdate(['stock'], ['sku']).execute()
      expect(await world.repo(Item).find()).toMatchObject([{ stock: 9, place: 'x' }])
    },
    'insert of what a query selects': async (world) => {
      await items(world, 'a', 'b')
      const select = world.repo(Item).createQueryBuilder('i').select('i.sku').where('i.sku = :sku', { sku: 'b' })
      await world.app.createQueryBuilder().insert().into(Brand, ['name']).valuesFromSelect(select).execute()
      expect(await world.repo(Brand).find()).toMatchObject([{ name: 'b' }])
    },
    'insert sets a relation by its key': async (world) => {
      const brand = await world.repo(Brand).save({ name: 'Acme' })
      await world.app
        .createQueryBuilder()
        .insert()
        .into(Item)
        .values({ sku: 'a', brand: { id: brand.id } })
        .execute()
      expect(await world.repo(Item).countBy({ brand: { name: 'Acme' } })).toBe(1)
    },
    'update sets values where a condition holds, and tells how many': async (world) => {
      await items(world, 'a', 'b', 'c')
      const update = world.app
        .createQueryBuilder()
        .update(Item)
        .set({ stock: 5 })
        .where('sku in (:...skus)', { skus: ['a', 'b'] })
      expect((await update.execute()).affected).toBe(2)
      expect(await stocks(world)).toBe('a5 b5 c1')
    },
    'update sets an expression of SQL': async (world) => {
      await items(world, 'a')
      await world
        .repo(Item)
        .createQueryBuilder()
        .update()
        .set({ stock: () => 'stock + 41' })
        .where({ sku: 'a' })
        .execute()
      expect(await stocks(world)).toBe('a42')
    },
    'update fills in the object that it names': async (world) => {
      const [item] = (await items(world, 'a')) as [Item]
      const before = item.changedAt
      await world.app.createQueryBuilder().update(Item).set({ stock: 3 }).whereEntity(item).execute()
      expect(item.changedAt.getTime()).toBeGreaterThanOrEqual(before.getTime())
      expect(await stocks(world)).toBe('a3')
    },
    'update of nothing is refused': async (world) => {
      await expect(world.app.createQueryBuilder().update(Brand).set({}).where('1 = 1').execute()).rejects.toThrow(/update values/)
    },
    'update sets null': async (world) => {
      await world.repo(Item).save({ sku: 'a', place: 'x' })
      await world.app.createQueryBuilder().update(Item).set({ place: null }).where('sku = :sku', { sku: 'a' }).execute()
      expect(await world.repo(Item).find()).toMatchObject([{ place: null }])
    },
    'delete takes the rows of its condition, and tells how many': async (world) => {
      await items(world, 'a', 'b', 'c')
      const { affected } = await world.app.createQueryBuilder().delete().from(Item).where('sku <> :sku', { sku: 'b' }).execute()
      expect([affected, await stocks(world)]).toEqual([2, 'b1'])
    },
    'delete by keys, and by an object of values': async (world) => {
      const [a] = (await items(world, 'a', 'b', 'c')) as [Item]
      await world.repo(Item).createQueryBuilder().delete().whereInIds([a.id]).execute()
      await world.repo(Item).createQueryBuilder().delete().where({ sku: 'b' }).execute()
      expect(await stocks(world)).toBe('c1')
    },
    'a relation to one is set by row, by key and by an object of keys': async (world) => {
      const [a, b] = (await items(world, 'a', 'b')) as [Item, Item]
      const brand = await world.repo(Brand).save({ name: 'Acme' })
      const relation = (): ReturnType<ReturnType<typeof world.app.createQueryBuilder>['relation']> =>
        world.app.createQueryBuilder().relation(Item, 'brand')
      await relation().of(a).set(brand)
      await relation().of({ id: b.id }).set(brand.id)
      expect(await world.repo(Item).countBy({ brand: { id: brand.id } })).toBe(2)
      await relation().of(a.id).set(null)
      expect(await world.repo(Item).countBy({ brand: { id: brand.id } })).toBe(1)
    },
    'a relation to one is set for several rows': async (world) => {
      const list = await items(world, 'a', 'b', 'c')
      const brand = await world.repo(Brand).save({ name: 'Acme' })
      await world.app.createQueryBuilder().relation(Item, 'brand').of(list.slice(0, 2)).set(brand)
      expect(await world.repo(Item).countBy({ brand: { id: brand.id } })).toBe(2)
    },
    'a relation to children adds, takes and does both': async (world) => {
      const [a, b] = (await items(world, 'a', 'b')) as [Item, Item]
      const brand = await world.repo(Brand).save({ name: 'Acme' })
      const relation = (): ReturnType<ReturnType<typeof world.app.createQueryBuilder>['relation']> =>
        world.app.createQueryBuilder().relation(Brand, 'items')
      const own = async (): Promise<string[]> =>
        (await world.repo(Item).find({ where: { brand: { id: brand.id } }, order: { sku: 'ASC' } })).map(({ sku }) => sku)
      await relation().of(brand).add([a, b.id])
      expect(await own()).toEqual(['a', 'b'])
      await relation().of(brand).remove(a)
      expect(await own()).toEqual(['b'])
      await relation().of(brand).addAndRemove(a, b)
      expect(await own()).toEqual(['a'])
    },
    'links are added and taken from the owning end': async (world) => {
      const [a] = (await items(world, 'a')) as [Item]
      const [one, two] = await badges(world)
      const relation = (): ReturnType<ReturnType<typeof world.app.createQueryBuilder>['relation']> =>
        world.app.createQueryBuilder().relation(Item, 'badges')
      await relation().of(a).add([one, two])
      expect(await linked(world, 'a')).toEqual(['new', 'old'])
      await relation().of(a.id).remove(one.id)
      expect(await linked(world, 'a')).toEqual(['old'])
    },
    'links are added and taken from the other end': async (world) => {
      const [a] = (await items(world, 'a')) as [Item]
      const [one] = await badges(world)
      await world.app.createQueryBuilder().relation(Badge, 'items').of(one).add({ id: a.id })
      expect(await linked(world, 'a')).toEqual(['new'])
      await world.app.createQueryBuilder().relation(Badge, 'items').of(one).remove(a)
      expect(await linked(world, 'a')).toEqual([])
    },
    'links are added for several rows at once': async (world) => {
      const list = await items(world, 'a', 'b')
      await world.app
        .createQueryBuilder()
        .relation(Item, 'badges')
        .of(list)
        .add(await badges(world))
      expect([await linked(world, 'a'), await linked(world, 'b')]).toEqual([
        ['new', 'old'],
        ['new', 'old'],
      ])
    },
    'a relation is loaded, to one and to many': async (world) => {
      const brand = await world.repo(Brand).save({ name: 'Acme' })
      const item = await world.repo(Item).save({ sku: 'a', brand, badges: await badges(world) })
      expect(await world.app.createQueryBuilder().relation(Item, 'brand').of(item).loadOne()).toMatchObject({ name: 'Acme' })
      expect(await world.app.createQueryBuilder().relation(Item, 'badges').of(item.id).loadMany()).toHaveLength(2)
      expect(await world.app.createQueryBuilder().relation(Brand, 'items').of({ id: brand.id }).loadMany()).toMatchObject([{ sku: 'a' }])
    },
    'a builder of the manager is the same': async ({ app, repo }) => {
      await app.manager.createQueryBuilder().insert().into(Brand).values({ name: 'Acme' }).execute()
      await app.manager.createQueryBuilder(Brand, 'brand').update().set({ name: 'Other' }).where({ name: 'Acme' }).execute()
      expect(await repo(Brand).find()).toMatchObject([{ name: 'Other' }])
    },
    'what a value holds is never SQL': async (world) => {
      await items(world, 'a', 'b')
      const evil = "x' or '1'='1"
      await world.app.createQueryBuilder().delete().from(Item).where({ sku: evil }).execute()
      await world.app.createQueryBuilder().update(Item).set({ place: evil }).where('sku = :sku', { sku: evil }).execute()
      expect(await stocks(world)).toBe('a1 b1')
    },
    'RETURNING gives what was written, where the database has it': async (world) => {
      world.skip(world.app.options.type !== 'postgres', 'TypeORM has RETURNING of an UPDATE on PostgreSQL alone')
      await items(world, 'a')
      const { raw } = await world.app
        .createQueryBuilder()
        .update(Item)
        .set({ stock: 8 })
        .where({ sku: 'a' })
        .returning(['sku', 'stock'])
        .execute()
      expect(raw).toEqual([{ sku: 'a', stock: 8 }])
    },
  },
  outside: {
    'a builder runs in a transaction of its own, if it is told to': async (world) => {
      await world.app.createQueryBuilder().insert().into(Item).values({ sku: 'a' }).useTransaction(true).execute()
      expect(await stocks(world)).toBe('a0')
    },
    'a value that is taken is an error of the database': async (world) => {
      await items(world, 'a')
      await expect(world.app.createQueryBuilder().insert().into(Item).values({ sku: 'a' }).execute()).rejects.toBeInstanceOf(
        QueryFailedError,
      )
    },
  },
}
