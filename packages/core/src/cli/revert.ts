import { revertMigration } from '../schema/migrations.js'
import type { Command } from './command.js'
import { CommandError } from './command-error.js'

export const revertCommand: Command = {
  name: 'migrate:revert',
  summary: 'Undoes the migration that ran last.',
  about: ['One at a time, by its `down`, under the lock of `migrate`.', 'Exit codes: 0 undone, or nothing to undo; 1 it has failed.'],
  async run({ db: { dataSource }, terminal }) {
    const last = await revertMigration(dataSource)
    if (last?.isKnown === false) {
      throw new CommandError(`The migration that ran last, ${last.name}, is not among those of this application. Bring its file back.`)
    }
    if (last) terminal.line(last.name, { word: 'undone', colour: 'green' })
    else terminal.line('Nothing to undo: no migration has run.')
    return 0
  },
}
