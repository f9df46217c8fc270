import { AfterLoad, BeforeInsert, BeforeUpdate, EventSubscriber } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** What TypeORM offers beside repositories, inside a session. */
export function typeormFeatureRows(database: TestDatabase): void {
  const row = rowIn(database)

  row(
    "TypeORM's result cache answers again, but not once the session has written",
    async ({ db, User, sent }) => {
      await User.create({ name: 'a' })
      const users = db.dataSource.getRepository(User)
      const names = async (): Promise<string[]> => (await users.find({ cache: 60_000 })).map(({ name }) => name)
      expect(await names()).toEqual(['a'])
      expect((await sent(names)).filter((sql) => /from .user. /i.test(sql))).toEqual([])
      await db.run(async () => {
        await User.create({ name: 'b' })
        expect(await names()).toEqual(['a', 'b'])
        await users.update({ name: 'b' }, { name: 'c' })
        expect(await names()).toEqual(['a', 'c'])
      })
    },
    { typeorm: { cache: true } },
  )

  row("listeners of TypeORM on a model hear its verbs and TypeORM's own calls", async ({ db }) => {
    const told: string[] = []
    class Memo extends db.Model('Memo', { text: db.Column(db.String(25)) }) {
      inserted() {
        told.push(`insert ${this.text}`)
        this.text = this.text.trim()
      }
      updated() {
        told.push(`update ${this.text}`)
      }
      loaded() {
        told.push(`load ${this.text}`)
      }
    }
    BeforeInsert()(Memo.prototype, 'inserted')
    BeforeUpdate()(Memo.prototype, 'updated')
    AfterLoad()(Memo.prototype, 'loaded')
    await db.createAll()
    const memo = await Memo.create({ text: ' a ' })
    expect([memo.text, told.splice(0)]).toEqual(['a', ['insert  a ']])
    await memo.update({ text: 'b' })
    expect(told.splice(0)).toContain('update b')
    expect((await Memo.getOrError(memo.id)).text).toBe('b')
    expect(told.splice(0)).toEqual(['load b'])
    const memos = db.dataSource.getRepository(Memo)
    await memos.save(memos.create({ text: ' c ' }))
    expect(told.splice(0)).toEqual(['insert  c '])
    expect((await Memo.query().orderBy('id').all()).map(({ text }) => text)).toEqual(['b', 'c'])
  })

  const heard: string[] = []
  class Listener {
    beforeInsert({ entity }: { readonly entity: { name?: string } }) {
      heard.push(`insert ${entity.name}`)
    }
    afterUpdate({ entity }: { readonly entity?: { name?: string } }) {
      heard.push(`update ${entity?.name}`)
    }
    afterRemove({ entity }: { readonly entity?: { name?: string } }) {
      heard.push(`remove ${entity?.name}`)
    }
  }
  EventSubscriber()(Listener)

  row(
    'subscribers of TypeORM hear the verbs of every model',
    async ({ User }) => {
      heard.length = 0
      const user = await User.create({ name: 'a' })
      await user.update({ name: 'b' })
      await user.delete({ hardDelete: true })
      expect(heard).toEqual(['insert a', 'update b', 'remove b'])
    },
    { typeorm: { subscribers: [Listener] } },
  )
}
