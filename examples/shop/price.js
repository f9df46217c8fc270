const euros = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })

/** An amount of cents as people read it. */
export function shownPrice(cents) {
  return euros.format(cents / 100)
}
