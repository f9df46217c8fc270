import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestDatabase } from './database.ts'

/** What talks to it: `SQLITE_DRIVER=node` takes the SQLite of Node.js. */
const driver = process.env['SQLITE_DRIVER']
const query = driver === undefined ? '' : `?driver=${driver}`

const breaks = {
  prepareBreak: [
    'create table promise_to_note (id integer primary key, note_id integer references note(id) deferrable initially deferred)',
  ],
  breakCommit: ['insert into promise_to_note (note_id) values (987654)'],
}

/** SQLite in a file. */
export const sqliteFile: TestDatabase = {
  name: 'sqlite',
  lacks: {
    'a server': 'SQLite runs in the process',
    'concurrent writers': 'SQLite has one write lock: a second writer waits for the first',
    ...(driver === 'node' ? { 'histograms of indexes': 'that of Node.js is compiled without them' } : {}),
    'exact decimals': 'SQLite keeps at most 15 digits of a decimal number',
  },
  ...breaks,
  async plan(explain) {
    const steps = ((await explain('explain query plan')) as { readonly detail: string }[]).map(({ detail }) => detail)
    const [, soughtIn] = /SEARCH \S+ USING (?:COVERING )?INDEX (\S+) \(.*[<>].*\)/.exec(steps.join('\n')) ?? []
    return { soughtIn, sorts: steps.some((step) => step.includes('TEMP B-TREE')) }
  },
  async create() {
    const folder = await mkdtemp(join(tmpdir(), 'alchemy-'))
    return { uri: `sqlite:///${join(folder, 'test.db')}${query}`, drop: () => rm(folder, { recursive: true }) }
  },
}

/** SQLite in memory. */
export const sqliteMemory: TestDatabase = {
  ...sqliteFile,
  name: 'sqlite :memory:',
  lacks: { ...sqliteFile.lacks, 'a connection for each session': 'a database in memory is its one connection' },
  create: async () => ({ uri: `sqlite:///:memory:${query}`, drop: async () => undefined }),
}
