import { ActiveAlchemy, ConnectionFailedError } from '@active-alchemy/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate } from '../servers/certificate.ts'
import { startMariadb } from '../servers/mariadb.ts'
import type { PrivateServer } from '../servers/postgres.ts'

const { certificate, key, remove } = makeCertificate()

describe('mariadb: TLS, as the URI says', () => {
  let server: PrivateServer
  beforeAll(async () => {
    server = await startMariadb([`--ssl-cert=${certificate}`, `--ssl-key=${key}`])
  })
  afterAll(async () => {
    await server.stop()
    remove()
  })

  /** Whether the connection is encrypted, or why there is none. */
  async function connected(host: string, query: string): Promise<unknown> {
    const { port } = new URL(server.url)
    await using db = new ActiveAlchemy(`mysql://root@${host}:${port}/mysql${query}`)
    return await db.dataSource.query("show session status like 'Ssl_cipher'").then(
      ([row]: [{ Value: string }]) => row.Value !== '',
      (error: unknown) => error instanceof ConnectionFailedError && (error.cause as { code: string }).code,
    )
  }

  it.each([
    ['127.0.0.1', '', false],
    ['127.0.0.1', '?ssl-mode=disabled', false],
    ['127.0.0.1', '?ssl-mode=required', true],
    ['127.0.0.1', '?ssl-mode=verify-ca', 'HANDSHAKE_SSL_ERROR'],
    ['127.0.0.1', `?ssl-mode=required&ssl-ca=${certificate}`, true],
    ['127.0.0.1', `?ssl-mode=verify-ca&ssl-ca=${certificate}`, true],
    ['localhost', `?ssl-mode=verify-identity&ssl-ca=${certificate}`, true],
  ])('%s%s', async (host, query, outcome) => expect(await connected(host, query)).toBe(outcome))
})
