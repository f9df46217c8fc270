import { after as afterAll, afterEach, before as beforeAll, beforeEach, describe, test } from 'node:test'
import { clients } from './clients.ts'
import { rows } from './rows.ts'

const uri = process.env['DATABASE_URL'] ?? ''
const runner = { beforeAll, beforeEach, afterEach, afterAll, test }
for (const [client, start] of clients) {
  void describe(client, () => rows(runner, start, { uri: () => uri, hasSeveral: uri.startsWith('postgres'), files: 1 }))
}
