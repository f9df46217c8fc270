import { migrate } from '../schema/migrations.js'
import type { Command } from './command.js'

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'Runs the migrations that have not run.',
  about: [
    'A line for each as it has run, under a lock: of processes that start together one runs them, and the others wait.',
    'On PostgreSQL and SQLite all of them are one transaction. On MySQL and MariaDB those before one that fails stay.',
    'Exit codes: 0 done, or nothing to do; 1 one has failed.',
  ],
  async run({ db: { dataSource }, terminal }) {
    let pending: readonly string[] = []
    let done = 0
    let since = performance.now()
    try {
      await migrate(dataSource, {
        begin(migrations) {
          pending = migrations.map(({ name }) => name)
          if (pending.length > 0) terminal.line(`${counted(pending.length)} to run`)
          since = performance.now()
        },
        ran({ name }) {
          const seconds = (performance.now() - since) / 1_000
          since = performance.now()
          done += 1
          terminal.line(`${name} (${seconds.toFixed(2)} s)`, { word: `${done}/${pending.length}`, colour: 'green' })
        },
      })
    } catch (error) {
      const failed = pending[done]
      if (failed !== undefined) terminal.line(failed, { word: 'failed', colour: 'red' })
      const kept = dataSource.driver.capabilities.ddlCommits
      if (done > 0) terminal.line(kept ? `The ${counted(done)} before it stay.` : `The ${counted(done)} before it are undone as well.`)
      throw error
    }
    terminal.line(pending.length === 0 ? 'Nothing to run: the database is up to date.' : `${counted(pending.length)} ran.`)
    return 0
  },
}

/** `1 migration`, `2 migrations`. */
export function counted(count: number): string {
  return `${count} ${count === 1 ? 'migration' : 'migrations'}`
}
