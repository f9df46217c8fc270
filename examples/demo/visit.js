import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const patienceMs = 30_000
/** Between two customers who come in a burst: requests overlap, and now and then there is a moment of peace. */
const gapMs = 4

/**
 * Puts a shop through a day's work, over HTTP, and looks into its books afterwards.
 *
 * @param {{ url: string, busyConnections: () => number }} server
 * @param {ReturnType<typeof import('./books.js').openBooks>} books
 * @param {Map<string, () => void>} halfWay Called when the order with this reference has taken its pieces out of stock.
 * @returns {Promise<{ check: string, found: string, ok: boolean }[]>} One row of the table for each check.
 */
export async function visit({ url, busyConnections }, books, halfWay) {
  const received = books.stockByProduct()
  const answers = []
  let orders = 0

  /** One request; what stands in `json` and `text` is read by who needs it. */
  const call = async (method, path, body) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      signal: AbortSignal.timeout(patienceMs),
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    return { status: answer.status, json: () => answer.json(), text: () => answer.text() }
  }
  const orderForm = (productId, card = 'good') => ({
    reference: `order-${++orders}`,
    customerId: 1 + (orders % 3),
    card,
    items: [
      { productId, quantity: 1 },
      { productId: productId + 1, quantity: 2 },
    ],
  })
  const order = async (productId, card) => {
    const form = orderForm(productId, card)
    const { status, text } = await call('POST', '/orders', form).catch(() => ({ status: 0, text: async () => '' }))
    // Asked as soon as the answer's head is there.
    const inBooks = books.hasOrder(form.reference)
    await text()
    answers.push({ reference: form.reference, status, inBooks })
    return status
  }
  const orderAndLeave = async (productId) => {
    const form = orderForm(productId)
    const req = request(`${url}/orders`, { method: 'POST', headers: { 'content-type': 'application/json' } })
    req.on('error', () => undefined)
    const closed = new Promise((resolve) => req.on('close', resolve))
    // From half-way on: some leave while the payment is under way, some at the commit, some as the answer comes.
    halfWay.set(form.reference, () => setTimeout(() => req.destroy(), Math.random() * 12))
    req.setTimeout(patienceMs, () => req.destroy())
    req.end(JSON.stringify(form))
    await closed
    return form.reference
  }
  const burst = (count, work) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await sleep(index * gapMs)
        return work(index)
      }),
    )

  const browse = async () => {
    const names = []
    let pages = 1
    for (let page = 1; page <= pages; page++) {
      // An error has neither: the page is empty, and the check fails.
      const { items = [], meta } = await (await call('GET', `/products?page=${page}`)).json()
      names.push(...items.map(({ name }) => name))
      pages = meta?.totalPages ?? 0
    }
    return { names, pages }
  }

  const rows = []
  const note = (check, found, ok) => rows.push({ check, found, ok })
  const noteStatuses = (check, statuses, expected) => note(check, tally(statuses), tally(statuses) === tally(expected))

  const { names, pages } = await browse()
  const isComplete = names.length === books.products() && new Set(names).size === names.length
  note('browse all pages: every product once', `${names.length} on ${pages} pages`, isComplete)

  noteStatuses('60 orders in a burst, 20 pieces in stock', await burst(60, () => order(1)), [...times(20, 201), ...times(40, 409)])

  const cards = ['good', 'refused', 'broken']
  const mixed = await burst(45, (index) => order(3, cards[index % 3]))
  noteStatuses('45 orders, 30 of which fail at the payment', mixed, [...times(15, 201), ...times(15, 402), ...times(15, 500)])

  const [left, beside] = await Promise.all([burst(15, () => orderAndLeave(5)), burst(15, () => order(5))])
  await quiet(busyConnections)
  noteStatuses('15 orders beside 15 whose clients hang up', beside, times(15, 201))

  const buyer = 1
  const { status } = await call('DELETE', `/customers/${buyer}`)
  await quiet(busyConnections)
  const isThere = books.hasCustomer(buyer)
  const isErased = status < 400
  note('erase a customer with orders: the commit fails', `${status}, and is ${isThere ? 'still there' : 'gone'}`, isErased !== isThere)

  const [gone] = names.slice(-1)
  await call('DELETE', `/products/${names.length}`)
  const without = (await browse()).names
  await call('POST', `/products/${names.length}/restore`)
  const again = (await browse()).names
  const cameBack = !without.includes(gone) && again.includes(gone) && books.products() === names.length
  note('delete a product softly, and restore it', cameBack ? 'left the pages, came back' : 'did not', cameBack)

  await quiet(busyConnections)
  const accepted = answers.filter(({ status }) => status === 201)
  const refused = answers.filter(({ status }) => status !== 201)
  const early = accepted.filter(({ inBooks }) => !inBooks).length
  const lost = accepted.filter(({ reference }) => !books.hasOrder(reference)).length
  const kept = refused.filter(({ reference }) => books.hasOrder(reference)).length
  const keptOfLeft = left.filter((reference) => books.hasOrder(reference)).length
  note('answers 201 that left before their commit', `${early} of ${accepted.length}`, early === 0)
  note('orders answered 201 that are not in the database', `${lost} of ${accepted.length}`, lost === 0)
  note('orders answered with an error that are in it', `${kept} of ${refused.length}`, kept === 0)
  note(`orders kept of ${left.length} clients that hung up (any is right)`, `${keptOfLeft}`, true)
  const pieces = books.missingPieces(received)
  note('stock: pieces neither there nor sold', `${pieces}`, pieces === 0)
  const cents = books.missingCents()
  note('money: cents between accounts, orders and lines', `${cents}`, cents === 0)
  const busy = busyConnections()
  note('connections out, or in a transaction, at the end', `${busy}`, busy === 0)
  return rows
}

/** Waits until no connection is out, for a while: the work of a client who has left ends a little after him. */
async function quiet(busyConnections) {
  for (let waited = 0; busyConnections() > 0 && waited < 1_000; waited += 10) await sleep(10)
}

function times(count, value) {
  return Array.from({ length: count }, () => value)
}

/** `20 × 201, 40 × 409`; a request without an answer counts as `none`. */
function tally(statuses) {
  const counts = new Map()
  for (const status of statuses.toSorted()) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, count]) => `${count} × ${status || 'none'}`).join(', ')
}
