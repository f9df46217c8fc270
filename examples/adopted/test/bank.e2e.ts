import type { INestApplication, Type } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ClearingService } from '../src/bank/clearing.service.js'
import { type Mail, Smtp } from '../src/bank/mail.module.js'

/** The bank's own e2e tests, as Nest's template has them: the application is made before each test, and closed after it. */
export function bankTests(load: () => Promise<Type>): void {
  let app: INestApplication
  let url: string
  let mails: Mail[]

  beforeEach(async () => {
    mails = []
    const fixture = await Test.createTestingModule({ imports: [await load()] })
      .overrideProvider(Smtp)
      .useValue({ deliver: async (mail: Mail) => void mails.push(mail) })
      .overrideProvider(ClearingService)
      .useValue({ announce: async () => undefined })
      .compile()
    app = fixture.createNestApplication({ logger: false })
    await app.listen(0, '127.0.0.1')
    url = (await app.getUrl()).replace('[::1]', '127.0.0.1')
  })

  afterEach(async () => {
    await app.close()
  })

  const read = async (answer: Response) => ({ status: answer.status, body: (await answer.json()) as { id: number; balance: number } })
  const get = async (path: string) => read(await fetch(`${url}${path}`))
  const post = async (path: string, values: object) =>
    read(
      await fetch(`${url}${path}`, {
        method: 'POST',
        body: JSON.stringify(values),
        headers: { 'content-type': 'application/json' },
      }),
    )
  const open = async (owner: string, balance = 100): Promise<number> => (await post('/accounts', { owner, balance })).body.id
  const balance = async (id: number): Promise<number> => (await get(`/accounts/${id}`)).body.balance

  it('opens an account', async () => {
    const id = await open('Ada')
    expect(await get(`/accounts/${id}`)).toEqual({ status: 200, body: { id, owner: 'Ada', balance: 100 } })
    expect((await get(`/accounts/${id + 1}`)).status).toBe(404)
  })

  it('pays, and sends a mail and a receipt', async () => {
    const [from, to] = [await open('Ada'), await open('Bob')]
    expect(await post('/payments', { reference: 'rent', from, to, amount: 30 })).toMatchObject({
      status: 201,
      body: { reference: 'rent', amount: 30, payer: { id: from }, payee: { id: to } },
    })
    expect([await balance(from), await balance(to)]).toEqual([70, 130])
    await expect.poll(() => mails.map(({ text }) => text).sort()).toEqual(['Receipt: 30', 'You have paid 30'])
  })

  it('refuses a payment without the money', async () => {
    const [from, to] = [await open('Ada'), await open('Bob')]
    expect((await post('/payments', { reference: 'house', from, to, amount: 101 })).status).toBe(409)
    expect([await balance(from), await balance(to)]).toEqual([100, 100])
  })

  it('transfers between accounts', async () => {
    const [from, to] = [await open('Ada'), await open('Ada')]
    expect((await post('/transfers', { reference: 'savings', from, to, amount: 60 })).status).toBe(201)
    expect([await balance(from), await balance(to)]).toEqual([40, 160])
    expect((await post('/transfers', { reference: 'more', from, to, amount: 60 })).status).toBe(409)
  })

  it('redeems a voucher', async () => {
    const to = await open('Ada')
    expect(await post('/vouchers/xmas/redeem', { reference: 'gift', to, amount: 25 })).toEqual({ status: 201, body: { reference: 'gift' } })
    expect(await balance(to)).toBe(125)
  })

  it('pays out', async () => {
    const from = await open('Ada')
    expect((await post('/payouts', { reference: 'away', from, amount: 10 })).status).toBe(201)
    await expect.poll(() => balance(from)).toBe(90)
  })

  it('shows a statement', async () => {
    const [from, to] = [await open('Ada'), await open('Bob')]
    await post('/transfers', { reference: 'first', from, to, amount: 1 })
    await post('/transfers', { reference: 'second', from, to, amount: 2 })
    const { body } = await get(`/accounts/${from}/statement`)
    expect(body).toMatchObject({ account: { balance: 97 }, payments: [{ reference: 'first' }, { reference: 'second' }] })
  })
}
