const makes = ['Oak', 'Linen', 'Copper', 'Paper', 'Wool', 'Glass', 'Cork', 'Slate']
const things = ['lamp', 'chair', 'kettle', 'blanket', 'bowl', 'shelf', 'clock', 'tray', 'basket', 'mirror']

/** Eighty products, so that there are pages to turn. */
export const sampleProducts = makes.flatMap((make, row) =>
  things.map((thing, column) => ({
    name: `${make} ${thing}`,
    priceCents: 950 + 375 * ((row * 7 + column * 3) % 23),
    stock: (row * 5 + column) % 12,
  })),
)

export const sampleCustomers = ['Ada', 'Grace', 'Edsger', 'Barbara'].map((name) => ({ name, email: `${name}@example.org` }))
