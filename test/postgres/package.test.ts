import { ActiveAlchemy, UnsupportedError } from '@active-alchemy/core'
import pg from 'pg'
import { describe, expect, it } from 'vitest'

describe('postgres: the package pg', () => {
  it('that cannot tell the status of a transaction is refused at the first connection, with the version that is needed', async () => {
    class Client {
      readonly isOld = true
    }
    const db = new ActiveAlchemy('postgresql://nobody@127.0.0.1:1/nothing', { typeorm: { driver: { ...pg, Client } } as object })
    const error = await db.ping().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UnsupportedError)
    expect(String(error)).toMatch(/This version of the package pg is not supported\. Install 8\.21\.0 or newer: npm install pg@latest/)
    await db.close()
  })
})
