import {
  ChildEntity,
  Column,
  Entity,
  EntitySchema,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  TableInheritance,
} from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

class Coordinates {
  @Column('int', { default: 0 }) declare x: number
  @Column('int', { default: 0 }) declare y: number
}
class Address {
  @Column('varchar', { length: 30, nullable: true }) declare street: string | null
  @Column('varchar', { length: 30, nullable: true }) declare town: string | null
  @Column(() => Coordinates, { prefix: 'at' }) declare place: Coordinates
}

@Entity()
class House {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @Column(() => Address) declare address: Address
  @Column(() => Address, { prefix: 'post' }) declare post: Address
}

/** What every piece of content has; no table of its own. */
abstract class Content {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare title: string
}

@Entity()
class Page extends Content {
  @Column('int', { default: 1 }) declare number: number
}

@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'kind', length: 20 } })
class Vehicle {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @ManyToOne(
    () => Garage,
    (garage) => garage.vehicles,
    { nullable: true },
  )
  declare garage: Garage | null
}
@ChildEntity()
class Car extends Vehicle {
  @Column('int', { nullable: true }) declare doors: number | null
}
@ChildEntity('heavy')
class Truck extends Vehicle {
  @Column('int', { nullable: true }) declare load: number | null
}

@Entity()
class Garage {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @OneToMany(
    () => Vehicle,
    (vehicle) => vehicle.garage,
  )
  declare vehicles: Vehicle[]
}

interface Song {
  id: number
  title: string
  length: number
  singer?: Singer | null
  removedAt?: Date | null
}
class Singer {
  declare id: string
  declare name: string
  declare songs?: Song[]
  get loud(): string {
    return this.name.toUpperCase()
  }
}
const SongSchema = new EntitySchema<Song>({
  name: 'Song',
  tableName: 'all_songs',
  columns: {
    id: { type: Number, primary: true, generated: true },
    title: { type: String, length: 30, name: 'song_title' },
    length: { type: Number, default: 180 },
    removedAt: { type: Date, deleteDate: true, nullable: true },
  },
  relations: { singer: { type: 'many-to-one', target: 'Singer', inverseSide: 'songs', nullable: true, joinColumn: { name: 'sung_by' } } },
  uniques: [{ columns: ['title', 'singer'] }],
})
const SingerSchema = new EntitySchema<Singer>({
  name: 'Singer',
  target: Singer,
  columns: { id: { type: String, length: 20, primary: true }, name: { type: String, length: 30 } },
  relations: { songs: { type: 'one-to-many', target: 'Song', inverseSide: 'singer', cascade: true } },
  indices: [{ columns: ['name'] }],
})

@Entity({ name: 'rates' })
class Rate {
  @PrimaryColumn('varchar', { length: 3, name: 'iso' }) declare currency: string
  @PrimaryColumn('int', { name: 'yr' }) declare year: number
  @Column('int', { name: 'in_cents' }) declare cents: number
}

const house = ({ repo }: World, values: object): Promise<House> => repo(House).save(repo(House).create(values))

/** Embedded columns, inheritance, schemas and names. */
export const shapes: Topic = {
  title: 'embedded columns, inheritance and schemas',
  options: { entities: [House, Page, Vehicle, Car, Truck, Garage, SongSchema, SingerSchema, Rate] },
  rows: {
    'embedded: saved and read as objects of their class, two levels deep': async (world) => {
      const { id } = await house(world, { name: 'A', address: { street: 'Main', town: 'Rome', place: { x: 1, y: 2 } } })
      const found = await world.repo(House).findOneByOrFail({ id })
      expect(found.address).toBeInstanceOf(Address)
      expect(found.address).toMatchObject({ street: 'Main', place: { x: 1, y: 2 } })
      expect(found.post.place).toMatchObject({ x: 0, y: 0 })
    },
    'embedded: the same class twice, each with its columns': async (world) => {
      await house(world, { name: 'A', address: { town: 'Rome' }, post: { town: 'Oslo' } })
      expect(await world.repo(House).find()).toMatchObject([{ address: { town: 'Rome' }, post: { town: 'Oslo' } }])
    },
    'embedded: in conditions, orders and selections': async (world) => {
      await house(world, { name: 'A', address: { town: 'Rome', place: { x: 9, y: 0 } } })
      await house(world, { name: 'B', address: { town: 'Oslo', place: { x: 1, y: 0 } } })
      const houses = world.repo(House)
      expect(await houses.findBy({ address: { place: { x: 9 } } })).toMatchObject([{ name: 'A' }])
      expect((await houses.find({ order: { address: { town: 'ASC' } } })).map(({ name }) => name)).toEqual(['B', 'A'])
      const [found] = await houses.find({ select: { id: true, address: { town: true } }, where: { name: 'A' } })
      expect([found?.address.town, found?.address.street]).toEqual(['Rome', undefined])
    },
    'embedded: a part is changed, the rest stays': async (world) => {
      const { id } = await house(world, { name: 'A', address: { street: 'Main', town: 'Rome' } })
      await world.repo(House).save({ id, address: { town: 'Oslo' } } as House)
      expect(await world.repo(House).findOneBy({ id })).toMatchObject({ address: { street: 'Main', town: 'Oslo' } })
      await world.repo(House).update({ id }, { address: { street: null } })
      expect(await world.repo(House).findOneBy({ id })).toMatchObject({ address: { street: null, town: 'Oslo' } })
    },
    'embedded: counted up, and named in a builder': async (world) => {
      await house(world, { name: 'A', address: { place: { x: 1, y: 1 } } })
      await world.repo(House).increment({ name: 'A' }, 'address.place.x', 4)
      const query = world.repo(House).createQueryBuilder('house').where('house.address.place.x = :x', { x: 5 })
      expect(await query.getCount()).toBe(1)
      await world.repo(House).delete({ address: { place: { x: 5 } } })
      expect(await world.repo(House).count()).toBe(0)
    },
    'inheritance: columns of an abstract class are columns of each table': async ({ repo }) => {
      await repo(Page).save({ title: 'a', number: 3 })
      expect(await repo(Page).findBy({ title: 'a' })).toMatchObject([{ number: 3 }])
    },
    'one table: each row is of its class, found by the base and by the child': async ({ repo }) => {
      await repo(Car).save({ name: 'Beetle', doors: 2 })
      await repo(Truck).save({ name: 'Mule', load: 900 })
      const all = await repo(Vehicle).find({ order: { name: 'ASC' } })
      expect(all.map((each) => each.constructor)).toEqual([Car, Truck])
      expect(all).toMatchObject([{ doors: 2 }, { load: 900 }])
      expect(await repo(Car).find()).toMatchObject([{ name: 'Beetle' }])
      expect([await repo(Truck).countBy({ name: 'Beetle' }), await repo(Vehicle).count()]).toEqual([0, 2])
    },
    'one table: children of several classes are saved at once': async ({ app, repo }) => {
      await app.manager.save([repo(Car).create({ name: 'Beetle', doors: 2 }), repo(Truck).create({ name: 'Mule', load: 9 })])
      expect([await repo(Car).count(), await repo(Truck).count()]).toEqual([1, 1])
    },
    'one table: update, delete and builders of a child touch its rows alone': async ({ app, repo }) => {
      await repo(Car).save({ name: 'x', doors: 2 })
      await repo(Truck).save({ name: 'x', load: 9 })
      await repo(Car).update({ name: 'x' }, { doors: 4 })
      expect(await repo(Car).createQueryBuilder('car').getMany()).toMatchObject([{ doors: 4 }])
      await app.createQueryBuilder().delete().from(Truck).where('name = :name', { name: 'x' }).execute()
      expect(await repo(Vehicle).find()).toMatchObject([{ doors: 4 }])
    },
    'one table: a relation to the base gives the children': async ({ repo }) => {
      const garage = await repo(Garage).save({ name: 'G' })
      await repo(Car).save({ name: 'Beetle', garage })
      await repo(Truck).save({ name: 'Mule', garage })
      const found = await repo(Garage).findOneOrFail({
        where: { name: 'G' },
        relations: { vehicles: true },
        order: { vehicles: { name: 'ASC' } },
      })
      expect(found.vehicles.map((each) => each.constructor)).toEqual([Car, Truck])
    },
    'one table: a child is updated and removed as any entity': async ({ repo }) => {
      const car = await repo(Car).save(repo(Car).create({ name: 'Beetle', doors: 2 }))
      await repo(Car).save(Object.assign(car, { doors: 5 }))
      expect(await repo(Vehicle).find()).toMatchObject([{ doors: 5 }])
      await repo(Vehicle).remove(car)
      expect(await repo(Vehicle).count()).toBe(0)
    },
    'a schema without a class gives plain objects': async ({ repo }) => {
      const { id } = await repo(SongSchema).save({ title: 'Hey' })
      expect(await repo(SongSchema).findOneBy({ id })).toMatchObject({ title: 'Hey', length: 180 })
    },
    'a schema of a class gives its instances': async ({ repo }) => {
      await repo(Singer).save({ id: 'ada', name: 'Ada' })
      const found = await repo(Singer).findOneByOrFail({ id: 'ada' })
      expect([found.loud, repo(Singer).metadata === repo(SingerSchema).metadata]).toEqual(['ADA', true])
    },
    'schemas relate to each other, and cascade': async ({ repo }) => {
      await repo(Singer).save({ id: 'ada', name: 'Ada', songs: [{ title: 'One' }, { title: 'Two' }] } as Singer)
      const singer = await repo(Singer).findOneOrFail({
        where: { id: 'ada' },
        relations: { songs: true },
        order: { songs: { title: 'ASC' } },
      })
      expect(singer.songs?.map(({ title }) => title)).toEqual(['One', 'Two'])
      expect(await repo(SongSchema).countBy({ singer: { name: 'Ada' } })).toBe(2)
    },
    'a schema deletes softly by its column': async ({ repo }) => {
      await repo(SongSchema).save([{ title: 'One' }, { title: 'Two' }])
      await repo(SongSchema).softDelete({ title: 'One' })
      expect([await repo(SongSchema).count(), await repo(SongSchema).count({ withDeleted: true })]).toEqual([1, 2])
    },
    'a schema names its table and columns': async ({ repo, app }) => {
      await repo(SongSchema).save({ title: 'One' })
      expect(await app.query('select song_title from all_songs')).toEqual([{ song_title: 'One' }])
    },
    'columns of other names than their properties, in keys too': async ({ repo, app }) => {
      await repo(Rate).save([
        { currency: 'EUR', year: 2024, cents: 108 },
        { currency: 'EUR', year: 2025, cents: 104 },
      ])
      await repo(Rate).update({ currency: 'EUR', year: 2025 }, { cents: 105 })
      expect(await app.query('select in_cents from rates where yr = 2025')).toEqual([{ in_cents: 105 }])
      expect(await repo(Rate).findBy({ currency: 'EUR', year: 2024 })).toMatchObject([{ cents: 108 }])
    },
  },
}
