import type { ActiveAlchemy, ColumnMap, CountsRelated, ModelClass } from '@active-alchemy/core'
import { ChildEntity, Column, Entity, PrimaryGeneratedColumn, TableInheritance } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** Models that share columns and methods, or a table. */
export function inheritanceRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('typed models share columns and methods of an abstract one, which has no table', async ({ db }) => {
    class Animal extends db.Model('Animal', { name: db.Column(db.String(25)) }, { abstract: true }) {
      hello() {
        return `I am ${this.name}`
      }
    }
    class Goose extends db.Model('Goose', { wings: db.Column(db.Integer, { default: 2 }) }, { extends: Animal }) {}
    class Dog extends Animal {}
    db.register(Animal, Goose, Dog)
    await db.createAll()
    expect((await Goose.create({ name: 'Akka' })).hello()).toBe('I am Akka')
    expect(await Goose.firstOrError({ name: 'Akka' })).toMatchObject({ name: 'Akka', wings: 2 })
    expect((await Dog.create({ name: 'Rex' })).hello()).toBe('I am Rex')
    expect(db.metadata.map(({ tableName }) => tableName)).not.toContain('animal')
    expect(await Goose.count()).toBe(1)
  })

  row('an abstract base by decorators has no table, and gives its columns and methods to what extends it', async ({ db }) => {
    class Named extends db.Model {
      static override readonly abstract = true
      declare name: string
      hello() {
        return `I am ${this.name}`
      }
    }
    db.Column(db.String(25))(Named.prototype, 'name')
    class City extends Named {}
    class Town extends db.Model('Town', { people: db.Column(db.Integer) }, { extends: Named }) {}
    db.register(Named, City, Town)
    await db.createAll()
    expect((await City.create({ name: 'Rome' })).hello()).toBe('I am Rome')
    expect((await Town.create({ name: 'Ulm', people: 7 })).hello()).toBe('I am Ulm')
    expect(db.metadata.map(({ tableName }) => tableName)).not.toContain('named')
  })

  row('a model that extends a concrete one has a table of its own, with the columns of both', async ({ db, User }) => {
    class Admin extends db.Model('Admin', { level: db.Column(db.Integer) }, { extends: User }) {}
    await db.createAll()
    await Admin.create({ name: 'root', level: 1 })
    expect([await Admin.count(), await User.count()]).toEqual([1, 0])
  })

  row('a function may make models: what it adds to the class is in each of them', async ({ db }) => {
    const model = (name: string) =>
      class extends db.Model(name, { text: db.Column(db.String(25)) }) {
        hello() {
          return `${name}: ${this.text}`
        }
      }
    class Goose extends model('Goose') {}
    class Swan extends model('Swan') {}
    const extended = <const Columns extends ColumnMap>(name: string, columns: Columns) => db.Model(name, columns, { extends: Goose })
    class Duck extends extended('Duck', { pond: db.Column(db.String(25)) }) {}
    db.register(Goose, Swan, Duck)
    await db.createAll()
    expect((await Goose.create({ text: 'a' })).hello()).toBe('Goose: a')
    expect((await Swan.create({ text: 'b' })).hello()).toBe('Swan: b')
    expect((await Duck.create({ text: 'c', pond: 'deep' })).hello()).toBe('Goose: c')
    expect(await Goose.firstOrError()).toBeInstanceOf(Goose)
  })

  for (const [kind, animals] of Object.entries(families)) {
    row(`${kind} may share one table, as single-table inheritance of TypeORM has it`, async ({ db }) => {
      const { Animal, Dog, Cat } = animals(db)
      await db.createAll()
      const rex = await Dog.create({ name: 'Rex', bones: 3 } as never)
      const tom = await Cat.create({ name: 'Tom' })
      expect((await Animal.query().orderBy('id').all()).map((animal) => animal.constructor)).toEqual([Dog, Cat])
      expect(await Dog.get(tom.id)).toBeNull()
      expect(await Animal.get(rex.id)).toBeInstanceOf(Dog)
      await rex.update({ name: 'Max' })
      await tom.delete()
      expect([await Dog.count(), await Cat.count(), await Animal.count({ name: 'Max' })]).toEqual([1, 0, 1])
      expect(await db.dataSource.query('select kind, name from animal order by id')).toEqual([
        { kind: 'Dog', name: 'Max' },
        { kind: 'feline', name: 'Tom' },
      ])
    })
  }

  row('entities of plain TypeORM may share one table', async ({ another }) => {
    class Animal {
      declare id: number
      declare name: string
    }
    class Dog extends Animal {}
    TableInheritance({ column: { type: 'varchar', name: 'kind' } })(Animal)
    Entity()(Animal)
    PrimaryGeneratedColumn()(Animal.prototype, 'id')
    Column('varchar', { length: 25 })(Animal.prototype, 'name')
    ChildEntity()(Dog)
    const db = another({ models: [Animal, Dog] })
    await db.createAll()
    await db.dataSource.getRepository(Dog).save({ name: 'Rex' })
    expect(await db.dataSource.getRepository(Animal).find()).toEqual([expect.any(Dog)])
  })
}

/** Animals of one table, dogs and cats among them, by each way to define models. */
const families = {
  'typed models': (db: ActiveAlchemy) => {
    class Animal extends db.Model('Animal', { name: db.Column(db.String(25)) }) {}
    class Dog extends Animal {
      declare bones: number | null
    }
    class Cat extends Animal {}
    db.Column(db.Integer, { nullable: true })(Dog.prototype, 'bones')
    return shared(Animal, Dog, Cat)
  },
  'decorated models': (db: ActiveAlchemy) => {
    class Animal extends db.Model {
      declare name: string
      declare count: CountsRelated['count']
    }
    class Dog extends Animal {
      declare bones: number | null
    }
    class Cat extends Animal {}
    db.Column(db.String(25))(Animal.prototype, 'name')
    db.Column(db.Integer, { nullable: true })(Dog.prototype, 'bones')
    return shared(Animal, Dog, Cat)
  },
}

function shared<Base extends ModelClass, One extends Base, Other extends Base>(Animal: Base, Dog: One, Cat: Other) {
  TableInheritance({ column: { type: 'varchar', name: 'kind' } })(Animal)
  ChildEntity()(Dog)
  ChildEntity('feline')(Cat)
  return { Animal, Dog, Cat }
}
