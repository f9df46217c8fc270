import { compare, observe } from './compare.js'
import { lieTable } from './lie-table.js'

const { DATABASE_URL, SEED, REQUESTS } = process.env
const options = {
  ...(SEED === undefined ? {} : { seed: Number(SEED) }),
  ...(REQUESTS === undefined ? {} : { requests: Number(REQUESTS) }),
}

if (process.argv.includes('observe')) {
  for (const finding of await observe(DATABASE_URL, options)) console.log(finding)
} else {
  console.log(lieTable(await compare(DATABASE_URL, options)))
}
