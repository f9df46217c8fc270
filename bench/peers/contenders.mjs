const here = (name) => new URL(`${name}.mjs`, import.meta.url).href
const guest = (name) => new URL(`../guests/${name}.mjs`, import.meta.url).href

/** Who takes part: the database's own client first, since the others are compared with it. */
export const contenders = [
  { name: 'raw', module: here('raw'), http: true },
  { name: 'active-alchemy', module: here('active-alchemy'), http: true },
  { name: 'kysely', module: here('kysely'), http: true },
  { name: 'drizzle', module: here('drizzle') },
  { name: 'typeorm', module: here('typeorm'), http: true },
  { name: 'objection', module: guest('objection'), isGuest: true },
  { name: 'sequelize', module: guest('sequelize'), isGuest: true },
  { name: 'lucid', module: guest('lucid'), isGuest: true },
  { name: 'mikro-orm', module: guest('mikro-orm'), isGuest: true },
]
