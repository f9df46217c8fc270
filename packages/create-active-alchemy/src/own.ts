import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** This package, as it says itself: all packages share one version. */
export const own: { readonly version: string } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
