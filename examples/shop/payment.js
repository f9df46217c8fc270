import { setTimeout as sleep } from 'node:timers/promises'

/** The card has no cover. */
class PaymentRefusedError extends Error {
  status = 402
  expose = true
  code = 'PAYMENT_REFUSED'
}

/**
 * Stands for a payment provider: it reserves money on a card, which is taken when the parcel leaves. What is reserved for an
 * order that is never kept expires by itself, so that nothing has to be undone there.
 *
 * @param {{ card: string, cents: number }} payment The card `refused` has no cover, `broken` breaks the provider.
 */
export async function authorise({ card, cents }) {
  await sleep(2)
  if (card === 'refused') throw new PaymentRefusedError(`The card has no cover for ${cents} cents. Use another card.`)
  if (card === 'broken') throw new Error('The payment provider does not answer.')
}
