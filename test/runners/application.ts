import type { ActiveAlchemy } from '@active-alchemy/core'

/** What `POST /notes/:text` does. @returns The status of its answer. */
export type Handler = (text: string) => Promise<number>

/** An application of this one route, as a test asks it. */
export interface Application {
  /** @returns The status of the answer. */
  post(text: string, headers: Readonly<Record<string, string>>): Promise<number>
  close(): Promise<unknown>
}

/** Binds an application to a database. */
export type Start = (db: ActiveAlchemy, handler: Handler) => Promise<Application>

/** What is rolled back on purpose need not be told. */
export const report = (): void => undefined
