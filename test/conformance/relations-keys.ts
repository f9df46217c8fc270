import type { ActiveAlchemy } from '@active-alchemy/core'
import { isNull, oneOf } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** A model whose key another one tells; `Open` lets values name it, `Sealed` hides it. */
function keyed(db: ActiveAlchemy) {
  class Owner extends db.Model('Owner', { name: db.Column(db.String(20)) }) {}
  class Pet extends db.Model('Pet', { name: db.Column(db.String(20)) }) {
    static relations = this.relate({ owner: db.ManyToOne(() => Owner, { nullable: true }) })
    declare owner?: Owner | null
    declare ownerId: number | null
  }
  class Open extends db.Model('Open', { name: db.Column(db.String(20)) }) {
    static override fillable = ['name', 'ownerId']
    static relations = this.relate({ owner: db.ManyToOne(() => Owner, { nullable: true }) })
    declare owner?: Owner | null
    declare ownerId: number | null
  }
  class Sealed extends db.Model('Sealed', { name: db.Column(db.String(20)) }) {
    static override hidden = ['ownerId']
    static relations = this.relate({ owner: db.ManyToOne(() => Owner, { nullable: true }) })
    declare owner?: Owner | null
    declare ownerId: number | null
  }
  return { Owner, Pet, Open, Sealed }
}

/** The key of a to-one relation, which is read beside it. */
export function relationKeyRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('the key of a relation reads beside it, however the record came, and nothing is loaded for it', async ({ db, sent }) => {
    const { Owner, Pet } = keyed(db)
    await db.createAll()
    const [ada, bob] = await Owner.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    if (!ada || !bob) throw new Error('No owners')
    const pet = await Pet.create({ name: 'Rex', owner: ada })
    const stray = await Pet.create({ name: 'Stray' })
    expect([pet.ownerId, stray.ownerId]).toEqual([ada.id, null])
    await Pet.createMany([{ name: 'Tom', owner: bob }, { name: 'Cat' }])
    const statements = await sent(async () => {
      expect((await Pet.query().orderBy('id').all()).map(({ ownerId }) => ownerId)).toEqual([ada.id, null, bob.id, null])
      expect((await Pet.get(pet.id))?.ownerId).toBe(ada.id)
      for await (const each of Pet.filter({ id: pet.id })) expect([each.ownerId, each.owner]).toEqual([ada.id, undefined])
    })
    expect(statements).toHaveLength(4)
    const read = await Pet.getOrError(pet.id)
    expect([read.toDict()['ownerId'], read.toJSON()['ownerId'], read.isDirty, Object.keys(read)]).toEqual([
      ada.id,
      ada.id,
      false,
      expect.not.arrayContaining(['ownerId', 'owner']),
    ])
    expect((await read.reload()).ownerId).toBe(ada.id)
    expect(read.owner).toBeUndefined()
    // It follows the record that is assigned, saved or not.
    read.owner = bob
    expect(read.ownerId).toBe(bob.id)
    read.owner = null
    expect(read.ownerId).toBeNull()
    await read.save()
    expect([read.ownerId, (await Pet.getOrError(pet.id)).ownerId]).toEqual([null, null])
    expect(new Pet({ name: 'new' }).ownerId).toBeUndefined()
    expect(new Pet({ name: 'new' }).set({ owner: ada }).ownerId).toBe(ada.id)
    // A write of something else keeps it.
    const tom = await Pet.firstOrError({ name: 'Tom' })
    await tom.update({ name: 'Tommy' })
    expect(tom.ownerId).toBe(bob.id)
  })

  row('a filter, an order, a selection and an expression take the key by its name', async ({ db, sent }) => {
    const { Owner, Pet } = keyed(db)
    await db.createAll()
    const [ada, bob] = await Owner.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    if (!ada || !bob) throw new Error('No owners')
    await Pet.createMany([{ name: 'a', owner: ada }, { name: 'b', owner: bob }, { name: 'c' }])
    const names = async (query: { all(): Promise<{ name: string }[]> }): Promise<string[]> => (await query.all()).map(({ name }) => name)
    expect(await names(Pet.filter({ owner: ada.id }))).toEqual(['a'])
    expect(await names(Pet.filter({ owner: ada }))).toEqual(['a'])
    expect(await names(Pet.filter({ ownerId: bob.id }))).toEqual(['b'])
    expect(await names(Pet.filter({ ownerId: oneOf([ada.id, bob.id]) }).orderBy('ownerId', 'DESC'))).toEqual(['b', 'a'])
    expect(await names(Pet.filter({ ownerId: isNull() }))).toEqual(['c'])
    expect(await sent(() => Pet.filter((pet) => pet.ownerId.eq(ada.id)).all())).toHaveLength(1)
    expect(await Pet.query('ownerId').orderBy('id').all()).toEqual([{ ownerId: ada.id }, { ownerId: bob.id }, { ownerId: null }])
    expect(() => Pet.filter({ ownerId: { $gt: 0 } as never })).toThrow('an object is no value')
    expect(() => Pet.filter({ ownerId: 'x' as never })).toThrow('ownerId')
  })

  row('a client does not choose another’s row by its key, unless the model says that it may', async ({ db }) => {
    const { Owner, Pet, Open, Sealed } = keyed(db)
    await db.createAll()
    const [ada, bob] = await Owner.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    if (!ada || !bob) throw new Error('No owners')
    const refused = { code: 'PROTECTED_COLUMN', status: 422 }
    await expect(Pet.create({ name: 'x', ownerId: bob.id })).rejects.toMatchObject(refused)
    const pet = await Pet.create({ name: 'Rex', owner: ada })
    await expect(pet.update({ ownerId: bob.id })).rejects.toMatchObject(refused)
    await expect(Pet.filter({ id: pet.id }).updateAll({ ownerId: bob.id })).rejects.toMatchObject(refused)
    expect([pet.ownerId, await Pet.count({ owner: bob })]).toEqual([ada.id, 0])

    await pet.update({ ownerId: bob.id }, { unguarded: true })
    expect([pet.ownerId, pet.owner, (await pet.load('owner')).owner?.name]).toEqual([bob.id, undefined, 'Bob'])
    const trusted = await Pet.create({ name: 'Tom', ownerId: ada.id }, { unguarded: true })
    expect([trusted.ownerId, (await Pet.getOrError(trusted.id)).ownerId]).toEqual([ada.id, ada.id])
    await Pet.filter({ id: pet.id }).updateAll({ ownerId: null }, { unguarded: true })
    expect((await Pet.getOrError(pet.id)).ownerId).toBeNull()

    const open = await Open.create({ name: 'o', ownerId: bob.id })
    await open.update({ ownerId: ada.id })
    expect((await Open.getOrError(open.id)).ownerId).toBe(ada.id)
    await expect(open.update({ ownerId: 'x' as never })).rejects.toMatchObject({ code: 'INVALID_VALUE', status: 422 })
    await expect(open.update({ ownerId: { id: 1 } as never })).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    await expect(Open.create({ name: 'o', ownerId: 999 })).rejects.toMatchObject({ code: 'FOREIGN_KEY', status: 409 })

    const sealed = await Sealed.create({ name: 's', owner: ada })
    expect([sealed.ownerId, sealed.toDict()['ownerId'], sealed.toJSON()['ownerId']]).toEqual([ada.id, undefined, undefined])
    expect(() => Sealed.query().orderBy('ownerId')).toThrow('it is no column')
  })

  row('the application may set the key of a record, and a rollback takes it back', async ({ db }) => {
    const { Owner, Pet } = keyed(db)
    await db.createAll()
    const [ada, bob] = await Owner.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    if (!ada || !bob) throw new Error('No owners')
    const made = new Pet({ name: 'Rex' })
    made.ownerId = ada.id
    await made.save()
    expect((await Pet.getOrError(made.id)).ownerId).toBe(ada.id)
    const pet = await Pet.getOrError(made.id, { with: ['owner'] })
    pet.ownerId = bob.id
    expect([pet.owner, pet.isDirty]).toEqual([undefined, true])
    await pet.save()
    expect([pet.isDirty, (await Pet.getOrError(pet.id)).ownerId]).toEqual([false, bob.id])
    await db.run(async () => {
      await pet.update({ ownerId: ada.id }, { unguarded: true })
      await db.rollback()
    })
    expect([pet.ownerId, pet.isDirty, (await Pet.getOrError(pet.id)).ownerId]).toEqual([bob.id, false, bob.id])
    const lost = new Pet({ name: 'lost' })
    lost.ownerId = ada.id
    await db.run(async () => {
      await lost.save()
      await db.rollback()
    })
    expect([lost.isNew, lost.ownerId]).toEqual([true, ada.id])
    await lost.save()
    expect((await Pet.getOrError(lost.id)).ownerId).toBe(ada.id)
    // What is not saved survives a rollback of something else.
    const waiting = await Pet.getOrError(lost.id)
    waiting.owner = bob
    await db.run(async () => {
      await waiting.reload()
      waiting.owner = bob
      await waiting.delete()
      await db.rollback()
    })
    expect([waiting.owner, waiting.ownerId]).toEqual([bob, bob.id])
    // Where it was read again, what was not changed follows the row.
    await db.run(async () => {
      const read = await Pet.getOrError(lost.id, { with: ['owner'] })
      await Pet.filter({ id: lost.id }).updateAll({ owner: bob })
      expect([read.ownerId, (await Pet.getOrError(lost.id)).ownerId, read.owner]).toEqual([ada.id, bob.id, undefined])
    })
  })

  row('a model with a listener of TypeORM writes a key that was set as well', async ({ db }) => {
    const { Owner, Pet } = keyed(db)
    const heard: unknown[] = []
    db.dataSource.subscribers.push({ listenTo: () => Pet, afterInsert: (event) => void heard.push(event.entity) })
    await db.createAll()
    const [ada, bob] = await Owner.createMany([{ name: 'Ada' }, { name: 'Bob' }])
    if (!ada || !bob) throw new Error('No owners')
    const pet = await Pet.create({ name: 'Rex', ownerId: ada.id }, { unguarded: true })
    expect([heard.length, pet.ownerId, pet.owner, (await Pet.getOrError(pet.id)).ownerId]).toEqual([1, ada.id, undefined, ada.id])
    await pet.update({ ownerId: bob.id }, { unguarded: true })
    expect([pet.ownerId, pet.owner, (await Pet.getOrError(pet.id)).ownerId]).toEqual([bob.id, undefined, bob.id])
  })
}
