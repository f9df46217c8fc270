import { expect, it } from 'vitest'
import { run } from './processes.ts'

it.each(['production', 'development'])('a write that comes after its answer is told on the console, in %s', async (environment) => {
  const { code, output } = await run({ NODE_ENV: environment }, 'processes/late-writes.js')
  expect([code, output.match(/\["kept".*\]/)?.[0]]).toEqual([0, '["kept"]'])
  for (const path of ['at-once', 'timer', 'log']) expect(output).toMatch(new RegExp(`\\[active-alchemy\\] GET /${path} is over`))
})
