import { states } from '../states.js'
import { freshDatabase } from './fresh-database.js'
import { type Lies, storm, type StormOptions } from './storm.js'

/** What the bank has said that was not so, in each of its states. */
export type LiesByState = Readonly<Record<'before' | 'after' | 'mails', Lies>>

/** Puts the bank of each state through the same storm. @param server Of which each gets a new database; without it files of SQLite. */
export async function compare(server?: string, options: StormOptions = {}): Promise<LiesByState> {
  const through = (state: keyof LiesByState): Promise<Lies> => inFresh(server, async (url) => storm(await states[state](), url, options))
  return { before: await through('before'), after: await through('after'), mails: await through('mails') }
}

/** Watches the bank in a storm, and binds nothing. @returns What is printed of it: each kind once for each route. */
export async function observe(server?: string, options: StormOptions = {}): Promise<string[]> {
  const found: string[] = []
  const { warn } = console
  console.warn = (text: unknown) => void found.push(String(text))
  try {
    await inFresh(server, async (url) => storm(await states.observed(), url, options))
  } finally {
    console.warn = warn
  }
  return found
}

async function inFresh<T>(server: string | undefined, work: (url: string) => Promise<T>): Promise<T> {
  const fresh = await freshDatabase(server)
  try {
    return await work(fresh.url)
  } finally {
    await fresh.drop()
  }
}
