import { AsyncLocalStorage } from 'node:async_hooks'
import { ActiveAlchemy } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { onServer, postgres } from '../databases/postgres.ts'
import { frameworks } from '../matrix.ts'

/** Tables and a policy, which binds all but the owner of the table; the role stands for that of the application. */
const rowSecurity = [
  'create role shop_app login',
  'create table invoice (id serial primary key, tenant text not null, text varchar(20) not null)',
  'alter table invoice enable row level security',
  "create policy own_rows on invoice using (tenant = current_setting('app.tenant', true)) with check (tenant = current_setting('app.tenant', true))",
]

it('postgres: a setting that the server does not know fails the session', () =>
  inStore(postgres, async ({ db, User }) => {
    const seen: unknown[] = []
    const work = db.run(async () => {
      db.session.setLocal('nonsense', 'x')
      await User.create({ name: 'x' }).then(undefined, (error: unknown) => seen.push(error))
    })
    await expect(work).rejects.toMatchObject({ code: 'SESSION_FAILED', cause: { driverError: { code: '42704' } } })
    expect(seen).toHaveLength(1)
    expect(await User.count()).toBe(0)
  }))

for (const framework of frameworks.filter((each) => !each.databases || each.databases.includes(postgres.name))) {
  describe(`${framework.name} × postgres: row-level security`, () => {
    it('two tenants at once see and write their own rows alone, whatever connection they meet', async () => {
      const fresh = await postgres.create()
      const role = `${new URL(fresh.uri).pathname.slice(1)}_app`
      const name = new URL(fresh.uri).pathname.slice(1)
      for (const sql of rowSecurity) await onServer(sql.replace('shop_app', role), name)
      await onServer(`grant all on invoice, invoice_id_seq to ${role}`, name)
      const uri = new URL(fresh.uri)
      uri.username = role
      const db = new ActiveAlchemy(uri.href, { poolSize: 2 })
      class Invoice extends db.BaseModel('Invoice', {
        id: db.Column(db.Integer, { primary: true, generated: true }),
        tenant: db.Column(db.String(20)),
        text: db.Column(db.String(20)),
      }) {}
      const tenants = new AsyncLocalStorage<string>()
      db.onBegin((session) => session.setLocal('app.tenant', tenants.getStore() ?? ''))
      const app = await framework.start({
        databases: [db],
        routes: {
          'POST /invoices': ({ req }) => {
            const { 'x-tenant': own = '', 'x-owner': owner = own } = req.headers as Record<string, string>
            return tenants.run(own, async () => {
              await Invoice.create({ tenant: owner, text: own })
              await db.commit()
              return { json: await Invoice.query('tenant').distinct().all() }
            })
          },
          'GET /invoices': ({ req }) =>
            tenants.run(String(req.headers['x-tenant']), async () => ({ json: await Invoice.query('tenant').distinct().all() })),
        },
      })
      try {
        const ask = async (method: string, own: string, owner = own): Promise<[number, unknown]> => {
          const answer = await fetch(`${app.url}/invoices`, { method, headers: { 'x-tenant': own, 'x-owner': owner } })
          return [answer.status, await answer.json()]
        }
        const each = Array.from({ length: 40 }, (_, index) => (index % 2 ? 'red' : 'blue'))
        for (const method of ['POST', 'GET']) {
          const answers = await Promise.all(each.map((own) => ask(method, own)))
          expect(answers).toEqual(each.map((tenant) => [200, [{ tenant }]]))
        }
        expect((await ask('POST', 'red', 'blue'))[0]).toBe(500)
        expect(await Invoice.count()).toBe(0)
        expect(await ask('GET', 'nobody')).toEqual([200, []])
      } finally {
        await app.stop()
        await db.close()
        await fresh.drop()
        await onServer(`drop role ${role}`)
      }
    })
  })
}
