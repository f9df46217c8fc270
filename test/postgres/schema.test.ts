import { ValueError } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
import { inStore } from '../conformance/store.ts'
import { postgres } from '../databases/postgres.ts'

@Entity()
class Light {
  @PrimaryGeneratedColumn() declare id: number
  @Column({ type: 'enum', enum: ['red', 'green'] }) declare colour: string
  @Column({ type: 'simple-enum', enum: ['on', 'off'], enumName: 'switch_state' }) declare state: string
}

describe('postgres: tables', () => {
  it('reflect describes the tables of the application, in every schema, and none of PostgreSQL', () =>
    inStore(postgres, async ({ db, raw }) => {
      await raw('create schema other')
      await raw('create table other.thing (id int primary key)')
      const names = (await db.reflect()).map(({ name }) => name).sort()
      expect(names).toEqual(['country', 'other.thing', 'post', 'post_tags_tag', 'tag', 'user'])
      const user = (await db.reflect()).find(({ name }) => name === 'user')
      expect(user?.columns.find(({ name }) => name === 'created_at')).toMatchObject({ type: 'timestamp with time zone', precision: 3 })
    }))

  it('dropAll leaves nothing: no table, type or sequence', () =>
    inStore(postgres, async ({ another, raw, db }) => {
      const other = another({ models: [Light] })
      await other.createAll()
      await other.createAll()
      await other.dataSource.getRepository(Light).save({ colour: 'red', state: 'on' })
      await expect(other.dataSource.query(`insert into light (colour, state) values ('blue', 'on')`)).rejects.toBeInstanceOf(ValueError)
      await raw('create view reds as select * from light')
      await other.dropAll()
      await db.dropAll()
      const left = await raw(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace
         union select typname from pg_type where typnamespace = 'public'::regnamespace`,
      )
      expect(left).toEqual([])
    }))

  it('a table that cannot be created leaves none of the others', () =>
    inStore(postgres, async ({ db, raw }) => {
      await db.dropAll()
      await raw('create table "user" (id text primary key)')
      await expect(db.createAll()).rejects.toThrow('foreign key')
      expect((await db.reflect()).map(({ name }) => name)).toEqual(['user'])
      expect(db.dataSource.driver.pool.leased).toBe(0)
    }))
})
