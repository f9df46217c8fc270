import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ActiveAlchemy } from '@active-alchemy/express'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { picture } from './picture.ts'
import { ShopServer, shops } from './shop-server.ts'
import { Tab, type Visitor } from './tab.ts'

const names = Object.keys(shops) as (keyof typeof shops)[]

describe.each(names)('the inspector on %s', (framework) => {
  let shop: ShopServer
  beforeAll(async () => {
    shop = await ShopServer.start(framework)
    const order = (reference: string, card: string): object => ({
      reference,
      card,
      customerId: 1,
      items: [5, 6, 7, 8, 9, 10].map((productId) => ({ productId, quantity: 1 })),
    })
    await shop.json('/products?page=2')
    await shop.json('/orders', order('kept', 'good'))
    await shop.json('/orders', order('undone', 'refused'))
    // A page that says 402, where the line above has thrown.
    const form = new URLSearchParams({ reference: 'undone', customer: '1', card: 'refused', quantity: '1' })
    expect((await fetch(`${shop.url}/products/9/order`, { method: 'POST', body: form })).status).toBe(402)
    await shop.json('/products', { name: 'A s3cr3t lamp', priceCents: 900, stock: 1 })
  })
  afterAll(() => shop[Symbol.asyncDispose]())
  async function look(visitor?: Visitor): Promise<Tab> {
    const tab = await Tab.open(visitor)
    await tab.visit(`${shop.url}/_alchemy`)
    return tab
  }

  it('shows the requests just made, their statements and places, and can be read without a script', async () => {
    await using tab = await look({ javaScript: false })
    const { page } = tab
    expect(await page.title()).toBe('shop: sessions and statements')
    const last = page.getByRole('region', { name: 'The last first' })
    const lines = (await last.locator('table').first().locator('> tbody > tr').allInnerTexts()).map((line) => line.split('\t').slice(1, 3))
    expect(lines.slice(0, 5)).toEqual([
      ['POST /products', 'committed'],
      ['POST /products/9/order', 'rolled back, 1 undone'],
      // Six products have given their pieces.
      ['POST /orders', 'rolled back, 6 undone'],
      ['POST /orders', 'committed'],
      ['GET /products', 'committed'],
    ])
    // What lies behind a number is opened by keys.
    const undone = last.getByRole('row', { name: /6 undone/ })
    const statements = undone.getByRole('region', { name: /^Statements of POST \/orders/ })
    expect(await statements.isVisible()).toBe(false)
    await undone.locator('summary').focus()
    await page.keyboard.press('Enter')
    expect(await statements.isVisible()).toBe(true)
    const updates = await statements.getByRole('row', { name: /UPDATE/ }).allInnerTexts()
    expect(updates.length).toBe(6)
    expect(updates[0]).toMatch(/\texamples\/shop\/shop\.js:\d+:\d+\tUPDATE "product" SET "stock" = /)
    expect(
      await page
        .getByRole('region', { name: /^What answers could not tell/ })
        .getByRole('row')
        .allInnerTexts(),
    ).toContainEqual(expect.stringMatching(/\tveto\t.*\/products\/.*answered 402, so the 1 row/))
    expect(await page.content()).not.toContain('s3cr3t')
    await tab.answerOf(() => page.getByRole('link', { name: 'Look again' }).click())
    expect([await tab.overflow(), tab.faults()]).toEqual([0, []])
    if (framework !== 'Express') return
    await undone.locator('summary').click()
    await picture(page, 'inspector', { width: 1240, height: 1000 })
  })

  it.each<Visitor>([
    { width: 'narrow', colorScheme: 'light' },
    { width: 'wide', colorScheme: 'dark' },
  ])('is for everybody, $width and $colorScheme', async (visitor) => {
    await using tab = await look(visitor)
    await tab.expectGood()
    for (const each of await tab.page.locator('summary').all()) await each.click()
    await tab.expectGood()
    // What is wider than the page is moved by keys where it stands.
    expect(await tab.reach('[role=region]')).toBe(true)
  })
})

it('shows what is named by others as text', async () => {
  const db = new ActiveAlchemy('sqlite://')
  class Note extends db.Model('Note', { text: db.Column(db.String(40)) }) {}
  await db.createAll()
  const label = `<img src="x" onerror="alert('1')">`
  const inspector = db.inspector()
  await db.run(() => Note.create({ text: 'a' }), { label })
  const server = createServer(express().use(inspector)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await using tab = await Tab.open()
  await tab.visit(`http://127.0.0.1:${(server.address() as AddressInfo).port}/_alchemy`)
  expect(await tab.page.getByRole('cell', { name: label, exact: true }).count()).toBe(1)
  expect(await tab.page.locator('img').count()).toBe(0)
  await tab.expectGood()
  server.close()
  server.closeAllConnections()
  await db.close()
})
