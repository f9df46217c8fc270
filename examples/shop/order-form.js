/** What a client sent is no order. */
class InvalidOrderError extends Error {
  status = 422
  expose = true
  code = 'INVALID_ORDER'
}

/**
 * Reads an order as a client sent it; of its items nobody knows yet whether they exist.
 *
 * @param {unknown} body
 */
export function readOrderForm(body) {
  const { reference, customerId, card, items } = Object(body)
  if (typeof reference !== 'string' || reference === '') throw new InvalidOrderError('An order has a reference, chosen by the client.')
  if (typeof card !== 'string') throw new InvalidOrderError('An order names the card that pays it.')
  if (!Array.isArray(items) || items.length === 0) throw new InvalidOrderError('An order has at least one item.')
  return { reference, customerId, card, items: items.map(readItem).sort(byProduct) }
}

function readItem(item) {
  const { productId, quantity } = Object(item)
  if (!Number.isInteger(productId)) throw new InvalidOrderError('An item names a product by its id.')
  // A negative quantity would put pieces into stock, and money into the customer's pocket.
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > 99)
    throw new InvalidOrderError('A quantity is a whole number from 1 to 99.')
  return { productId, quantity }
}

/** All orders lock products in one sequence, so that no two can wait for each other. */
function byProduct(one, other) {
  return one.productId - other.productId
}
