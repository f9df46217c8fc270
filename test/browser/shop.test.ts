import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { picture } from './picture.ts'
import { ShopServer, shops } from './shop-server.ts'
import { Tab, type Visitor } from './tab.ts'

/** A product as programs see it. */
interface Product {
  readonly id: number
  readonly name: string
  readonly priceCents: number
  readonly stock: number
}

const names = Object.keys(shops) as (keyof typeof shops)[]

describe.each(names)('the shop on %s', (framework) => {
  let shop: ShopServer
  beforeAll(async () => {
    shop = await ShopServer.start(framework)
  })
  afterAll(() => shop[Symbol.asyncDispose]())

  /** Adds a product, on which no other test counts; the last of the list. */
  const add = (values: Omit<Product, 'id'>): Promise<Product> => shop.json<Product>('/products', values)
  /** What is in the database; `undefined` of what was deleted. */
  async function find(id: number): Promise<Product | undefined> {
    const first = await shop.json<{ meta: { totalPages: number } }>('/products')
    const pages = Array.from({ length: first.meta.totalPages }, (_, index) => `/products?page=${index + 1}`)
    const all = await Promise.all(pages.map((page) => shop.json<{ items: Product[] }>(page)))
    return all.flatMap(({ items }) => items).find((each) => each.id === id)
  }
  const orders = async (): Promise<number> => (await shop.json<{ meta: { total: number } }>('/orders')).meta.total
  async function open(path: string, visitor?: Visitor): Promise<Tab> {
    const tab = await Tab.open(visitor)
    await tab.visit(`${shop.url}${path}`)
    return tab
  }
  const alert = ({ page }: Tab) => page.getByRole('alert')
  const notice = ({ page }: Tab) => page.getByRole('status')
  const press = (tab: Tab, name: string) => tab.answerOf(() => tab.page.getByRole('button', { name, exact: true }).click())

  it.each<Visitor & { paths: readonly string[] }>([
    { width: 'narrow', colorScheme: 'light', paths: ['/?page=4', '/products/2/edit', '/products/2/order'] },
    { width: 'wide', colorScheme: 'dark', paths: ['/', '/?page=99', '/products/999/edit'] },
  ])('is for everybody, $width and $colorScheme', async ({ paths, ...visitor }) => {
    await using tab = await Tab.open(visitor)
    for (const path of paths) {
      await tab.visit(`${shop.url}${path}`)
      await tab.expectGood()
    }
  })

  it('tells who cannot see where the pages lead, and turns them by keys', async () => {
    await using tab = await open('/?page=2')
    const { page } = tab
    expect(await page.getByRole('navigation').ariaSnapshot()).toBe(
      [
        '- navigation "Pages of products":',
        '  - list:',
        '    - listitem:',
        '      - link "Previous page":',
        '        - /url: /?page=1',
        '    - listitem:',
        '      - link "1":',
        '        - /url: /?page=1',
        '    - listitem: "2"',
        ...[3, 4, 5, 6, 7].flatMap((number) => ['    - listitem:', `      - link "${number}":`, `        - /url: /?page=${number}`]),
        '    - listitem:',
        '      - link "Next page":',
        '        - /url: /?page=3',
      ].join('\n'),
    )
    expect(await page.locator('[aria-current=page]').textContent()).toBe('2')
    expect(await tab.reach('[rel~=next]')).toBe(true)
    await tab.answerOf(() => page.keyboard.press('Enter'))
    expect(page.url()).toBe(`${shop.url}/?page=3`)
    expect(await page.title()).toBe('Products, page 3 – Shop')
    expect(await page.locator('[aria-current=page]').textContent()).toBe('3')
    expect(tab.faults()).toEqual([])
  })

  it('takes an order once, by keys alone', async () => {
    await using tab = await open('/')
    const { page } = tab
    const before = await orders()
    await page.getByRole('link', { name: 'Order Oak tray' }).focus()
    await tab.answerOf(() => page.keyboard.press('Enter'))
    const form = { reference: await page.locator('[name=reference]').inputValue(), quantity: '3', customer: '2', card: 'good' }
    const sendAgain = page.url()
    await tab.reach('[name=quantity]')
    await page.keyboard.type('3')
    await tab.reach('[name=customer]')
    await page.keyboard.type('Grace')
    await tab.reach('button')
    expect((await tab.answerOf(() => page.keyboard.press('Enter'))).status()).toBe(200)
    expect(await notice(tab).textContent()).toMatch(/^Order \d+ was placed: 3 × Oak tray, €\d+\.\d\d\.$/)
    expect(await page.title()).toBe(`${await notice(tab).textContent()} – Shop`)
    expect(await page.getByRole('row', { name: 'Oak tray' }).getByRole('cell').nth(1).textContent()).toBe('4')
    await tab.expectGood()
    // Loading the page again orders nothing, nor does who is impatient and sends the form twice.
    await page.reload()
    const again = await page.request.post(sendAgain, { form })
    expect([again.status(), await again.text()]).toEqual([409, expect.stringContaining('This order has been placed already.')])
    expect(await orders()).toBe(before + 1)
  })

  it.each([
    { what: 'more than there is', quantity: '7', card: 'A card with cover', status: 409, told: 'There are not as many left. Order fewer.' },
    { what: 'a card without cover', quantity: '2', card: 'A card without cover', status: 402, told: 'Use another card.' },
  ])('undoes an order of $what, and says so first', async ({ quantity, card, status, told }) => {
    const { id } = await add({ name: `Tin of ${card}`, priceCents: 500, stock: 3 })
    await using tab = await open(`/products/${id}/order`)
    const { page } = tab
    await page.getByLabel('Pieces').fill(quantity)
    await page.getByLabel('Card').selectOption(card)
    expect((await press(tab, 'Place the order')).status()).toBe(status)
    expect(await alert(tab).textContent()).toContain(told)
    expect(await tab.hasFocus('[role=alert]')).toBe(true)
    expect(await page.title()).toMatch(/^Not ordered: Tin/)
    // Nothing has to be typed again.
    expect([await page.getByLabel('Pieces').inputValue(), await page.getByLabel('Card').locator(':checked').textContent()]).toEqual([
      quantity,
      card,
    ])
    expect((await find(id))?.stock).toBe(3)
    await tab.expectGood()
  })

  it('says that something went wrong, and not what', async () => {
    const { id } = await add({ name: 'Broken tin', priceCents: 500, stock: 3 })
    await using tab = await open(`/products/${id}/order`)
    await tab.page.getByLabel('Card').selectOption('A card whose provider does not answer')
    expect((await press(tab, 'Place the order')).status()).toBe(500)
    expect(await alert(tab).textContent()).toContain('Something went wrong. Nothing was changed.')
    expect((await find(id))?.stock).toBe(3)
    await tab.expectGood()
  })

  it('tells the second of two who edit one product, who then decides', async () => {
    const { id } = await add({ name: 'Zinc bucket', priceCents: 1_000, stock: 3 })
    await using ada = await open(`/products/${id}/edit`)
    await using grace = await open(`/products/${id}/edit`)
    await ada.page.getByLabel('Price in euro').fill('12.5')
    expect((await press(ada, 'Save')).status()).toBe(200)
    expect(await notice(ada).textContent()).toBe('Zinc bucket was saved.')

    await grace.page.getByLabel('Name').fill('Zinc pail')
    expect((await press(grace, 'Save')).status()).toBe(412)
    expect(await alert(grace).textContent()).toContain('Somebody else has changed this product since you opened it')
    expect(await grace.hasFocus('[role=alert]')).toBe(true)
    expect(await alert(grace).getByRole('row').allInnerTexts()).toEqual([
      'Field\tThere is now\tYou typed',
      'Name\tZinc bucket\tZinc pail',
      'Price in euro\t12.50\t10.00',
      'In stock\t3\t3',
    ])
    expect(await find(id)).toMatchObject({ name: 'Zinc bucket', priceCents: 1_250 })
    await grace.expectGood()
    if (framework === 'Express') await picture(grace.page, 'shop-412', { width: 720, height: 860 })

    // What was typed stands there still; now it is said of what there is.
    expect(await grace.page.getByLabel('Name').inputValue()).toBe('Zinc pail')
    await grace.page.getByLabel('Price in euro').fill('12.50')
    expect((await press(grace, 'Save')).status()).toBe(200)
    expect(await find(id)).toMatchObject({ name: 'Zinc pail', priceCents: 1_250 })
  })

  it('deletes no product that another has changed, nor one whose page was made for an order before', async () => {
    const { id } = await add({ name: 'Iron pan', priceCents: 1_000, stock: 3 })
    await using tab = await open(`/products/${id}/edit`)
    await shop.json('/orders', { reference: `pan-${id}`, customerId: 1, card: 'good', items: [{ productId: id, quantity: 1 }] })
    expect((await press(tab, 'Delete')).status()).toBe(412)
    expect(await alert(tab).getByRole('row', { name: 'In stock' }).getByRole('cell').allTextContents()).toEqual(['2'])
    expect(await find(id)).toMatchObject({ stock: 2 })
    await tab.expectGood()
  })

  it('says at its field what cannot be taken', async () => {
    const { id } = await add({ name: 'Brass bell', priceCents: 1_000, stock: 3 })
    await using tab = await open(`/products/${id}/edit`)
    const { page } = tab
    await page.getByLabel('Price in euro').fill('-1')
    // The browser asks for another before it sends anything; a program would not.
    await page.getByRole('button', { name: 'Save' }).click()
    expect(page.url()).toBe(`${shop.url}/products/${id}/edit`)
    expect(await page.locator('input:invalid').count()).toBe(1)
    await page.evaluate('document.forms[0].noValidate = true')
    expect((await press(tab, 'Save')).status()).toBe(422)
    expect(await alert(tab).textContent()).toContain('Price in euro must be at least 0')
    expect(await page.getByRole('spinbutton', { name: 'Price in euro', description: 'must be at least 0' }).count()).toBe(1)
    expect(await find(id)).toMatchObject({ priceCents: 1_000 })
    await tab.expectGood()
  })

  it('deletes, and undoes that, without a script', async () => {
    const { id } = await add({ name: 'Clay jug', priceCents: 1_000, stock: 3 })
    await using tab = await open(`/products/${id}/edit`, { javaScript: false, width: 'narrow' })
    expect((await press(tab, 'Delete')).status()).toBe(200)
    expect(await notice(tab).innerText()).toMatch(/^Clay jug was deleted\.\s+Undo$/)
    expect(await find(id)).toBeUndefined()
    if (framework === 'Express') await picture(tab.page, 'shop-undo', { width: 720, height: 420 })
    await tab.reach('.notice button')
    await tab.answerOf(() => tab.page.keyboard.press('Enter'))
    expect(await notice(tab).textContent()).toBe('Clay jug is back.')
    expect(await find(id)).toMatchObject({ name: 'Clay jug' })
    expect([await tab.overflow(), tab.faults()]).toEqual([0, []])
  })

  it('shows as text what people have typed', async () => {
    const name = `<img src="x" onerror="alert('1')"> & co`
    const { id } = await add({ name, priceCents: 1_000, stock: 3 })
    await using tab = await Tab.open()
    for (const path of [`/products/${id}/edit`, `/products/${id}/order`, `/?saved=${id}`]) {
      await tab.visit(`${shop.url}${path}`)
      expect(await tab.page.getByText(name).first().isVisible()).toBe(true)
      expect([await tab.page.locator('img').count(), tab.faults()]).toEqual([0, []])
    }
  })
})
