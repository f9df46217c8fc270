import { afterAll, expect } from 'vitest'

/** What nobody caught: a promise of the library that ends a user's process is a failure, whatever test made it. */
const uncaught: unknown[] = []
process.on('unhandledRejection', (reason) => uncaught.push(reason))
process.on('uncaughtException', (error) => uncaught.push(error))

afterAll(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  expect(uncaught).toEqual([])
})
