import { describe, expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { mariadb } from '../databases/mysql.ts'

describe('settings of a transaction', () => {
  it('are read by a trigger: who wrote a row', () =>
    inStore(mariadb, async ({ db, User, raw }) => {
      await raw('create table audit (who varchar(20), name varchar(25))')
      await raw('create trigger audited after insert on user for each row insert into audit values (@`app.user`, new.name)')
      await db.run(async () => {
        db.session.setLocal('app.user', 'ann')
        await User.create({ name: 'x' })
      })
      await User.create({ name: 'y' })
      expect(await raw('select who, name from audit order by name')).toEqual([
        { who: 'ann', name: 'x' },
        { who: null, name: 'y' },
      ])
    }))
})
