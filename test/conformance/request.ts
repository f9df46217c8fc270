/// <reference types="vite/types/importMeta.d.ts" />
import { basename } from 'node:path'
import { describe } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import type { Framework } from '../frameworks/framework.ts'

/** One topic each: a new file is found by itself. */
const topics = import.meta.glob<{ readonly rows: (framework: Framework, database: TestDatabase) => void }>('./request/*.ts', {
  eager: true,
})

/** What every framework owes on every database. */
export function requestRows(framework: Framework, database: TestDatabase): void {
  for (const [file, { rows }] of Object.entries(topics)) {
    describe(basename(file, '.ts').replaceAll('-', ' '), () => rows(framework, database))
  }
}
