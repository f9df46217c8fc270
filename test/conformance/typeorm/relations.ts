import {
  Column,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  QueryFailedError,
  RelationId,
} from 'typeorm'
import { expect } from 'vitest'
import type { Topic, World } from './topic.ts'

@Entity()
class Person {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @OneToOne(
    () => Passport,
    (passport) => passport.holder,
    { cascade: true, nullable: true },
  )
  @JoinColumn()
  declare passport: Passport | null
  @OneToMany(
    () => Pet,
    (pet) => pet.owner,
    { cascade: true },
  )
  declare pets: Pet[]
  @OneToMany(
    () => Coat,
    (coat) => coat.owner,
    { cascade: true },
  )
  declare coats: Coat[]
  @ManyToMany(
    () => Club,
    (club) => club.members,
    { cascade: ['insert'] },
  )
  @JoinTable({ name: 'membership' })
  declare clubs: Club[]
  @ManyToOne(() => Person, { nullable: true })
  declare friend: Person | null
  @RelationId((person: Person) => person.clubs) declare clubIds: number[]
  @RelationId((person: Person) => person.friend) declare friendId: number | null
}

@Entity()
class Passport {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare code: string
  @OneToOne(
    () => Person,
    (person) => person.passport,
  )
  declare holder: Person | null
}

/** What loses its owner stays, without one. */
@Entity()
class Pet {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare name: string
  @ManyToOne(
    () => Person,
    (person) => person.pets,
    { nullable: true, onDelete: 'SET NULL' },
  )
  declare owner: Person | null
}

/** What loses its owner goes. */
@Entity()
class Coat {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare colour: string
  @ManyToOne(
    () => Person,
    (person) => person.coats,
    { onDelete: 'CASCADE', orphanedRowAction: 'delete' },
  )
  declare owner: Person
}

@Entity()
class Club {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30, unique: true }) declare name: string
  @ManyToMany(
    () => Person,
    (person) => person.clubs,
  )
  declare members: Person[]
  @ManyToOne(() => Hall, { eager: true, nullable: true, cascade: ['insert', 'update'] })
  declare hall: Hall | null
  @ManyToOne(() => Hall, { lazy: true, nullable: true })
  declare spare: Promise<Hall | null>
}

@Entity()
class Hall {
  @PrimaryGeneratedColumn() declare id: number
  @Column('varchar', { length: 30 }) declare street: string
  @OneToMany(
    () => Room,
    (room) => room.hall,
    { cascade: true, lazy: true },
  )
  declare rooms: Promise<Room[]>
}

/** Its key is its hall and a number. */
@Entity()
class Room {
  @PrimaryColumn('int') declare hallId: number
  @PrimaryColumn('int') declare number: number
  @Column('int', { default: 1 }) declare chairs: number
  @ManyToOne(
    () => Hall,
    (hall) => hall.rooms,
    { onDelete: 'CASCADE' },
  )
  @JoinColumn({ name: 'hallId' })
  declare hall: Hall
  @OneToMany(
    () => Lamp,
    (lamp) => lamp.room,
    { cascade: true },
  )
  declare lamps: Lamp[]
}

@Entity()
class Lamp {
  @PrimaryGeneratedColumn() declare id: number
  @Column('int', { default: 40 }) declare watts: number
  @ManyToOne(
    () => Room,
    (room) => room.lamps,
    { nullable: true },
  )
  declare room: Room | null
  @ManyToOne(() => Club, { nullable: true })
  @JoinColumn({ name: 'clubName', referencedColumnName: 'name' })
  declare club: Club | null
}

/** A person as `find` gives it, with relations. */
const person = ({ repo }: World, name: string): Promise<Person> =>
  repo(Person).findOneOrFail({
    where: { name },
    relations: { passport: true, pets: true, coats: true, clubs: true, friend: true },
    order: { pets: { name: 'ASC' }, coats: { colour: 'ASC' }, clubs: { name: 'ASC' } },
  })
const save = ({ repo }: World, values: object): Promise<Person> => repo(Person).save(repo(Person).create(values))
const petNames = async (world: World): Promise<string[]> => (await world.repo(Pet).find({ order: { name: 'ASC' } })).map(({ name }) => name)

/** Relations, and what is saved along them. */
export const relations: Topic = {
  title: 'relations and cascades',
  options: { entities: [Person, Passport, Pet, Coat, Club, Hall, Room, Lamp] },
  rows: {
    'one to one: the other end is inserted first, and found from both ends': async (world) => {
      await save(world, { name: 'Ada', passport: { code: 'A1' } })
      expect(await person(world, 'Ada')).toMatchObject({ passport: { code: 'A1' } })
      const passport = await world.repo(Passport).findOneOrFail({ where: { code: 'A1' }, relations: { holder: true } })
      expect(passport.holder).toMatchObject({ name: 'Ada' })
    },
    'one to one: the other end is changed along the cascade': async (world) => {
      const ada = await save(world, { name: 'Ada', passport: { code: 'A1' } })
      await world.repo(Person).save({ id: ada.id, passport: { id: ada.passport?.id ?? 0, code: 'A2' } })
      expect(await world.repo(Passport).find()).toMatchObject([{ code: 'A2' }])
    },
    'one to one: null lets go, and the other row stays': async (world) => {
      const ada = await save(world, { name: 'Ada', passport: { code: 'A1' } })
      await world.repo(Person).save({ id: ada.id, passport: null })
      expect(await person(world, 'Ada')).toMatchObject({ passport: null })
      expect(await world.repo(Passport).count()).toBe(1)
    },
    'one to one: another row takes the place': async (world) => {
      const ada = await save(world, { name: 'Ada', passport: { code: 'A1' } })
      const next = await world.repo(Passport).save({ code: 'A2' })
      ada.passport = next as Passport
      await world.repo(Person).save(ada)
      expect(await person(world, 'Ada')).toMatchObject({ passport: { code: 'A2' } })
    },
    'one to many: new children are inserted with their parent': async (world) => {
      const ada = await save(world, { name: 'Ada', pets: [{ name: 'Rex' }, { name: 'Tom' }] })
      expect(ada.pets.map(({ id }) => typeof id)).toEqual(['number', 'number'])
      expect((await person(world, 'Ada')).pets.map(({ name }) => name)).toEqual(['Rex', 'Tom'])
    },
    'one to many: a child is added to those that are there': async (world) => {
      await save(world, { name: 'Ada', pets: [{ name: 'Rex' }] })
      const ada = await person(world, 'Ada')
      ada.pets.push(world.repo(Pet).create({ name: 'Tom' }))
      await world.repo(Person).save(ada)
      expect((await person(world, 'Ada')).pets).toHaveLength(2)
    },
    'one to many: a child that exists moves to another parent': async (world) => {
      await save(world, { name: 'Ada', pets: [{ name: 'Rex' }] })
      const bob = await save(world, { name: 'Bob' })
      bob.pets = await world.repo(Pet).findBy({ name: 'Rex' })
      await world.repo(Person).save(bob)
      expect([(await person(world, 'Ada')).pets.length, (await person(world, 'Bob')).pets.length]).toEqual([0, 1])
    },
    'one to many: a changed child is updated': async (world) => {
      await save(world, { name: 'Ada', pets: [{ name: 'Rex' }] })
      const ada = await person(world, 'Ada')
      for (const pet of ada.pets) pet.name = 'Max'
      await world.repo(Person).save(ada)
      expect(await petNames(world)).toEqual(['Max'])
    },
    'one to many: what was taken from the list loses its parent': async (world) => {
      await save(world, { name: 'Ada', pets: [{ name: 'Rex' }, { name: 'Tom' }] })
      const ada = await person(world, 'Ada')
      ada.pets = ada.pets.filter(({ name }) => name === 'Rex')
      await world.repo(Person).save(ada)
      expect((await person(world, 'Ada')).pets).toHaveLength(1)
      expect(await petNames(world)).toEqual(['Rex', 'Tom'])
    },
    'one to many: an empty list lets all go': async (world) => {
      const { id } = await save(world, { name: 'Ada', pets: [{ name: 'Rex' }, { name: 'Tom' }] })
      await world.repo(Person).save({ id, pets: [] })
      expect((await person(world, 'Ada')).pets).toEqual([])
    },
    'one to many: a list that is not given is left': async (world) => {
      const { id } = await save(world, { name: 'Ada', pets: [{ name: 'Rex' }] })
      await world.repo(Person).save({ id, name: 'Ada' })
      expect((await person(world, 'Ada')).pets).toHaveLength(1)
    },
    'one to many: orphans are deleted, where the relation says so': async (world) => {
      await save(world, { name: 'Ada', coats: [{ colour: 'red' }, { colour: 'blue' }] })
      const ada = await person(world, 'Ada')
      ada.coats = ada.coats.filter(({ colour }) => colour === 'red')
      await world.repo(Person).save(ada)
      expect(await world.repo(Coat).find()).toMatchObject([{ colour: 'red' }])
    },
    'many to one: set, changed and cleared': async (world) => {
      const [ada, bob] = [await save(world, { name: 'Ada' }), await save(world, { name: 'Bob' })]
      const pet = await world.repo(Pet).save({ name: 'Rex', owner: ada })
      const owner = async (): Promise<string | undefined> =>
        (await world.repo(Pet).findOneOrFail({ where: { name: 'Rex' }, relations: { owner: true } })).owner?.name
      expect(await owner()).toBe('Ada')
      await world.repo(Pet).save({ id: pet.id, owner: bob })
      expect(await owner()).toBe('Bob')
      await world.repo(Pet).save({ id: pet.id, owner: null })
      expect(await owner()).toBeUndefined()
    },
    'the database deletes or lets go, as onDelete says': async (world) => {
      const { id } = await save(world, { name: 'Ada', pets: [{ name: 'Rex' }], coats: [{ colour: 'red' }] })
      await world.repo(Person).delete(id)
      expect([await petNames(world), await world.repo(Coat).count()]).toEqual([['Rex'], 0])
    },
    'remove of a parent takes what a cascade names, and leaves what none does': async (world) => {
      const ada = await save(world, { name: 'Ada', pets: [{ name: 'Rex' }], coats: [{ colour: 'red' }], clubs: [{ name: 'chess' }] })
      await world.repo(Person).remove(ada)
      expect([await petNames(world), await world.repo(Coat).count(), await world.repo(Club).count()]).toEqual([[], 0, 1])
    },
    'many to many: new rows are inserted and linked, and seen from both ends': async (world) => {
      await save(world, { name: 'Ada', clubs: [{ name: 'chess' }, { name: 'tennis' }] })
      expect((await person(world, 'Ada')).clubs.map(({ name }) => name)).toEqual(['chess', 'tennis'])
      const chess = await world.repo(Club).findOneOrFail({ where: { name: 'chess' }, relations: { members: true } })
      expect(chess.members).toMatchObject([{ name: 'Ada' }])
    },
    'many to many: links are added and taken as the list changes': async (world) => {
      await save(world, { name: 'Ada', clubs: [{ name: 'chess' }, { name: 'tennis' }] })
      const golf = await world.repo(Club).save(world.repo(Club).create({ name: 'golf' }))
      const ada = await person(world, 'Ada')
      ada.clubs = [...ada.clubs.filter(({ name }) => name === 'chess'), golf]
      await world.repo(Person).save(ada)
      expect((await person(world, 'Ada')).clubs.map(({ name }) => name)).toEqual(['chess', 'golf'])
      expect(await world.repo(Club).count()).toBe(3)
    },
    'many to many: an empty list takes all links and no row': async (world) => {
      const { id } = await save(world, { name: 'Ada', clubs: [{ name: 'chess' }] })
      await world.repo(Person).save({ id, clubs: [] })
      expect([(await person(world, 'Ada')).clubs, await world.repo(Club).count()]).toEqual([[], 1])
    },
    'many to many: links are written from the other end too': async (world) => {
      const ada = await save(world, { name: 'Ada' })
      const chess = world.repo(Club).create({ name: 'chess', members: [ada] })
      await world.repo(Club).save(chess)
      expect((await person(world, 'Ada')).clubs).toMatchObject([{ name: 'chess' }])
    },
    'a relation of a table to itself': async (world) => {
      const ada = await save(world, { name: 'Ada' })
      await save(world, { name: 'Bob', friend: ada })
      expect((await person(world, 'Bob')).friend).toMatchObject({ name: 'Ada' })
      ada.friend = ada
      await world.repo(Person).save(ada)
      expect((await person(world, 'Ada')).friend).toMatchObject({ name: 'Ada' })
    },
    'RelationId gives keys without rows': async (world) => {
      const ada = await save(world, { name: 'Ada', clubs: [{ name: 'chess' }] })
      await save(world, { name: 'Bob', friend: ada })
      const found = await world.repo(Person).find({ order: { name: 'ASC' } })
      expect(found.map(({ clubIds }) => clubIds.length)).toEqual([1, 0])
      expect(found[1]?.friendId).toBe(ada.id)
    },
    'an eager relation comes by itself, through other relations too, and may be left out': async (world) => {
      const clubs = [{ name: 'chess', hall: { street: 'Main' } }]
      await save(world, { name: 'Ada', clubs })
      expect(await world.repo(Club).findOneBy({ name: 'chess' })).toMatchObject({ hall: { street: 'Main' } })
      expect((await person(world, 'Ada')).clubs).toMatchObject([{ hall: { street: 'Main' } }])
      const without = await world.repo(Club).findOneOrFail({ where: { name: 'chess' }, loadEagerRelations: false })
      expect(without.hall).toBeUndefined()
    },
    'a builder takes no eager relation that it does not name': async (world) => {
      await world.repo(Club).save({ name: 'chess', hall: { street: 'Main' } })
      expect((await world.repo(Club).createQueryBuilder('club').getOneOrFail()).hall).toBeUndefined()
    },
    'a lazy relation to one is a promise, in both directions': async (world) => {
      const hall = await world.repo(Hall).save({ street: 'Main' })
      const club = world.repo(Club).create({ name: 'chess' })
      club.spare = Promise.resolve(hall as Hall)
      await world.repo(Club).save(club)
      const found = await world.repo(Club).findOneByOrFail({ name: 'chess' })
      expect(await found.spare).toMatchObject({ street: 'Main' })
    },
    'a lazy relation to many loads its rows when it is awaited': async (world) => {
      const hall = await world.repo(Hall).save({ street: 'Main' })
      await world.repo(Room).save([
        { hallId: hall.id, number: 1 },
        { hallId: hall.id, number: 2 },
      ])
      const found = await world.repo(Hall).findOneByOrFail({ street: 'Main' })
      expect((await found.rooms).map(({ number }) => number)).toEqual(expect.arrayContaining([1, 2]))
    },
    'a key that is a relation is found by it': async (world) => {
      const hall = await world.repo(Hall).save({ street: 'Main' })
      await world.repo(Room).save({ hallId: hall.id, number: 7 })
      const room = await world.repo(Room).findOneOrFail({ where: { hall: { id: hall.id }, number: 7 }, relations: { hall: true } })
      expect(room).toMatchObject({ hall: { street: 'Main' }, chairs: 1 })
    },
    'a composite key is referred to by two columns': async (world) => {
      const hall = await world.repo(Hall).save({ street: 'Main' })
      await world.repo(Room).save({ hallId: hall.id, number: 7, lamps: [{ watts: 10 }, { watts: 20 }] })
      await world.repo(Room).save({ hallId: hall.id, number: 8, lamps: [{ watts: 30 }] })
      const room = await world
        .repo(Room)
        .findOneOrFail({ where: { number: 7 }, relations: { lamps: true }, order: { lamps: { watts: 'ASC' } } })
      expect(room.lamps.map(({ watts }) => watts)).toEqual([10, 20])
    },
    'a relation may refer to a column that is no key': async (world) => {
      const chess = await world.repo(Club).save({ name: 'chess' })
      await world.repo(Lamp).save({ watts: 5, club: chess })
      const lamp = await world.repo(Lamp).findOneOrFail({ where: { watts: 5 }, relations: { club: true } })
      expect(lamp.club).toMatchObject({ name: 'chess' })
    },
    'a cascade goes down three levels': async (world) => {
      const ada = await save(world, { name: 'Ada', clubs: [{ name: 'chess', hall: { street: 'Main' } }], pets: [{ name: 'Rex' }] })
      expect(ada.clubs[0]?.hall?.id).toBeTypeOf('number')
      expect(await world.repo(Hall).count()).toBe(1)
    },
    'what a cascade does not name is not updated': async (world) => {
      await save(world, { name: 'Ada', clubs: [{ name: 'chess' }] })
      const ada = await person(world, 'Ada')
      for (const club of ada.clubs) club.name = 'other'
      await world.repo(Person).save(ada)
      expect(await world.repo(Club).find()).toMatchObject([{ name: 'chess' }])
    },
    'a relation is set by its key alone': async (world) => {
      const ada = await save(world, { name: 'Ada' })
      await world.repo(Pet).save({ name: 'Rex', owner: ada.id as unknown as Person })
      expect((await person(world, 'Ada')).pets).toMatchObject([{ name: 'Rex' }])
    },
  },
  outside: {
    'what is not there without a cascade is refused, and nothing stays': async (world) => {
      const pet = world.repo(Pet).create({ name: 'Rex', owner: { name: 'new' } })
      await expect(world.repo(Pet).save(pet)).rejects.toBeInstanceOf(Error)
      expect([await petNames(world), await world.repo(Person).count()]).toEqual([[], 0])
    },
    'a key of a relation that no row has is refused by the database': async (world) => {
      await expect(world.repo(Pet).save({ name: 'Rex', owner: { id: 4711 } as Person })).rejects.toBeInstanceOf(QueryFailedError)
      expect(await petNames(world)).toEqual([])
    },
  },
}
