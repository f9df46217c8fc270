/// <reference types="vite/types/importMeta.d.ts" />
import { basename } from 'node:path'
import { describe } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'

/** One topic each: a new file is found by itself. */
const topics = import.meta.glob<{ readonly rows: (database: TestDatabase) => void }>('./session/*.ts', { eager: true })

/** Scopes, sessions and transactions. */
export function sessionRows(database: TestDatabase): void {
  for (const [file, { rows }] of Object.entries(topics)) {
    describe(basename(file, '.ts').replaceAll('-', ' '), () => rows(database))
  }
}
