import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate of `localhost` that nobody has signed but itself. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
  readonly remove: () => void
}

/** Makes a certificate in a folder of its own, for two days. */
export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'alchemy-tls-'))
  const certificate = join(folder, 'server.crt')
  const key = join(folder, 'server.key')
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', '-new', '-x509', '-nodes', '-days', '2', ...names, '-out', certificate, '-keyout', key], {
    stdio: 'ignore',
  })
  chmodSync(folder, 0o755)
  chmodSync(key, 0o600)
  return { certificate, key, remove: () => rmSync(folder, { recursive: true }) }
}
