import { execFileSync } from 'node:child_process'
import { ActiveAlchemy, ConnectionFailedError } from '@active-alchemy/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate } from '../servers/certificate.ts'
import { type PrivateServer, startPostgres } from '../servers/postgres.ts'

const { certificate, key, remove } = makeCertificate()

describe('postgres: TLS, as the URI says', () => {
  let server: PrivateServer
  beforeAll(async () => {
    if (process.getuid?.() === 0) execFileSync('chown', ['postgres', key])
    server = await startPostgres(['ssl=on', `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`])
  })
  afterAll(async () => {
    await server.stop()
    remove()
  })

  /** Whether the connection is encrypted, or why there is none. */
  async function connected(host: string, query: string): Promise<unknown> {
    const url = new URL(server.url)
    await using db = new ActiveAlchemy(`postgresql://postgres@${host}:${url.port}/postgres${query}`)
    return await db.dataSource.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()').then(
      ([row]: [{ ssl: boolean }]) => row.ssl,
      (error: unknown) => error instanceof ConnectionFailedError && (error.cause as { code: string }).code,
    )
  }

  it.each([
    ['127.0.0.1', '', false],
    ['127.0.0.1', '?sslmode=disable', false],
    ['127.0.0.1', '?sslmode=require', true],
    ['127.0.0.1', '?sslmode=verify-full', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['127.0.0.1', `?sslmode=require&sslrootcert=${certificate}`, true],
    ['127.0.0.1', `?sslmode=verify-ca&sslrootcert=${certificate}`, true],
    ['127.0.0.1', `?sslmode=verify-full&sslrootcert=${certificate}`, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['localhost', `?sslmode=verify-full&sslrootcert=${certificate}`, true],
  ])('%s%s', async (host, query, outcome) => expect(await connected(host, query)).toBe(outcome))
})
