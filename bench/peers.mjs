import { installGuests } from './guests/install.mjs'
import { contenders } from './peers/contenders.mjs'
import { frameworks, measureHttp } from './peers/measure-http.mjs'
import { measureWork } from './peers/measure-work.mjs'
import { databases, placesFor } from './peers/places.mjs'
import { estimate } from './statistics.mjs'

const ours = 'active-alchemy'
const signals = ['SIGINT', 'SIGTERM']

/**
 * What the library costs beside its peers: CPU time of the client's process for each operation, as a ratio to the database's own client.
 *
 * Each contender runs in a process of its own, on a database of its own, in turns; each by its ordinary API, with the same durability, and
 * what it did is checked against the others.
 *
 * @param {{ quick: boolean, tell: (text: string) => void, databases?: readonly string[], rows?: readonly string[],
 *   beside?: readonly string[] }} options `rows`: texts, of which a row's name holds one; `beside`: who takes part beside raw and ours.
 * @returns {Promise<{ rows: object, table: object, leftOut: object }>} `rows` are the quantities that goals are about, by `database work`;
 *   `table` holds all that was measured.
 */
export async function measurePeers({ quick, tell, databases: chosen = databases, rows: names = [''], beside }) {
  const leftOut = {}
  const taking = beside ? contenders.filter(({ name }) => ['raw', ours, ...beside].includes(name)) : contenders
  const guests = taking.filter(({ isGuest }) => isGuest)
  const reason = guests.length > 0 ? installGuests(tell) : undefined
  if (reason) for (const { name } of guests) leftOut[name] = reason
  const present = taking.filter(({ name }) => !(name in leftOut))
  const wanted = (row) => names.some((name) => row.includes(name))
  const table = {}
  const rows = {}
  for (const database of chosen) {
    const places = placesFor(
      database,
      present.map(({ name }) => name),
    )
    const leaveOut = (name, why) => {
      leftOut[`${name}, ${database}`] = why
    }
    // Whoever ends the command leaves no databases behind.
    const interrupted = () => void places.drop().finally(() => process.exit(130))
    for (const signal of signals) process.once(signal, interrupted)
    try {
      await places.make()
      tell(
        `\n${database}, Node ${process.version}. CPU per operation, ratio to raw: median of the rounds [95 % interval], statements, peak memory\n`,
      )
      const note = (work, cells) => {
        const row = `${database} ${work}`
        table[row] = withRatios(cells)
        rows[row] = quantities(cells)
        tell(printed(work, table[row]))
      }
      const records = await measureWork({ database, places, contenders: present, wanted, quick, leaveOut, tell: note })
      if (ours in records && 'typeorm' in records) {
        const ratio = records[ours] / records.typeorm
        rows[`${database} load 1,000`]['memory of a record ÷ typeorm'] = estimate([ratio])
        for (const [name, bytes] of Object.entries(records)) table[`${database} load 1,000`][name].bytesOfRecord = bytes
        tell(
          `${'memory of a record'.padEnd(31)}${Object.entries(records)
            .map(([name, bytes]) => `${name} ${bytes.toFixed(0)} B`)
            .join(', ')}`,
        )
      }
      const servers = present.filter(({ http }) => http)
      for (const framework of frameworks) {
        const work = `request on ${framework}`
        if (wanted(work)) note(work, await measureHttp({ database, framework, places, contenders: servers, quick }))
      }
    } finally {
      for (const signal of signals) process.off(signal, interrupted)
      await places.drop()
    }
  }
  for (const [who, why] of Object.entries(leftOut)) tell(`LEFT OUT ${who}: ${why}`)
  return { rows, table, leftOut }
}

/** Ratios of the same rounds: what the machine did meanwhile, it did to both. */
const paired = (some, others) => estimate(some.map((value, round) => value / others[round]))

function withRatios(cells) {
  return Object.fromEntries(
    Object.entries(cells).map(([name, { rounds, rate, p50, p99, ...cell }]) => [
      name,
      { ...cell, ratio: paired(rounds, cells.raw.rounds), ...(rate && { rate: estimate(rate), p50: estimate(p50), p99: estimate(p99) }) },
    ]),
  )
}

/** What the goals are about. */
function quantities(cells) {
  const { [ours]: own, raw, ...others } = cells
  if (!own) return {}
  const toOthers = Object.values(others)
    .map((other) => paired(own.rounds, other.rounds))
    .toSorted((one, other) => other.median - one.median)
  const quantity = {
    'cpu ÷ raw': paired(own.rounds, raw.rounds),
    ...(toOthers[0] && { 'cpu ÷ cheapest other': toOthers[0] }),
  }
  if (!own.rate) return quantity
  return {
    ...quantity,
    'requests ÷ raw': paired(own.rate, raw.rate),
    ...(others.kysely && { 'requests ÷ kysely': paired(own.rate, others.kysely.rate) }),
    ...(others.typeorm && { 'p99 ÷ typeorm': paired(own.p99, others.typeorm.p99) }),
  }
}

function printed(work, cells) {
  const lines = Object.entries(cells).map(([name, { micros, ratio, statements, peakBytes, rate, p50, p99 }]) => {
    const cpu = micros.median < 1_000 ? `${micros.median.toFixed(1)} µs` : `${(micros.median / 1_000).toFixed(2)} ms`
    const interval = `[${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}]`
    const rest = rate
      ? `${rate.median.toFixed(0)} requests/s, p50 ${p50.median.toFixed(1)} ms, p99 ${p99.median.toFixed(1)} ms`
      : `${statements} sent, ${(peakBytes / 2 ** 20).toFixed(0)} MB`
    return `  ${name.padEnd(16)}${cpu.padStart(10)}${ratio.median.toFixed(2).padStart(8)} ${interval.padEnd(20)}${rest}`
  })
  return [work, ...lines].join('\n')
}
