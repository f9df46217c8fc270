import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Bytes of the parts of a sealed text: a number used once, and the seal that tells whether a key fits. */
const [nonceSize, sealSize, blockSize] = [12, 16, 16]

/** Encrypts by AES-256-GCM, in the form of the original's `AesGcmEngine`. @param key 32 bytes. */
export function seal(text: string, key: Buffer): string {
  const nonce = randomBytes(nonceSize)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')
}

/** Decrypts what `seal` or the original's `AesGcmEngine` wrote; `undefined` where the key does not fit. */
export function unseal(sealed: Buffer, key: Buffer): string | undefined {
  if (sealed.length < nonceSize + sealSize) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceSize), { authTagLength: sealSize })
  decipher.setAuthTag(sealed.subarray(nonceSize, nonceSize + sealSize))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceSize + sealSize)), decipher.final()]).toString()
  } catch {
    return undefined
  }
}

/**
 * Decrypts what the original's `AesEngine` wrote: CBC, which has no seal; `undefined` where the key does not fit, as far as can be told
 * from a text that is none.
 */
export function unsealOriginal(sealed: Buffer, key: Buffer): string | undefined {
  if (sealed.length === 0 || sealed.length % blockSize !== 0) return undefined
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, blockSize)).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(sealed), decipher.final()])
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(unpadded(padded))
    return unlikely.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** What stands in no text that somebody has written, and in most that were decrypted with another key. */
// oxlint-disable-next-line no-control-regex -- those are meant
const unlikely = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]/

/** Without any of the four paddings that the original knows. */
function unpadded(bytes: Buffer): Buffer {
  const last = bytes.at(-1) ?? 0
  if (last >= 1 && last <= blockSize) {
    const body = bytes.subarray(0, -last)
    const before = bytes.subarray(body.length, -1)
    if (before.every((byte) => byte === last) || before.every((byte) => byte === 0)) return body
  }
  const filler = last === 0 ? 0 : star
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === filler) end--
  return bytes.subarray(0, last === 0 && bytes[end - 1] === mark ? end - 1 : end)
}

const [star, mark] = [0x2a, 0x80]

/** What equal texts have in common, and others have not; it leads back to none. @param purpose Keeps columns apart. */
export function blindIndex(text: string, key: Buffer, purpose: string): string {
  const derived = hkdfSync('sha256', key, '', `active-alchemy blind index ${purpose}`, 32)
  return createHmac('sha256', new Uint8Array(derived)).update(text).digest('hex')
}
