import { migrationHistory } from '../schema/migrations.js'
import type { Command } from './command.js'

export const statusCommand: Command = {
  name: 'status',
  summary: 'Tells which migrations have run, and which have not.',
  about: [
    'A line for each, oldest first. Nothing is changed.',
    'Exit codes: 0 all have run; 1 some have not, or the database cannot be asked.',
  ],
  async run({ db: { dataSource }, terminal }) {
    const { ran, pending } = await migrationHistory(dataSource)
    for (const { name, isKnown } of ran) {
      terminal.line(isKnown ? name : `${name} (its file is gone)`, { word: 'ran', colour: 'green' })
    }
    for (const { name } of pending) terminal.line(name, { word: 'pending', colour: 'yellow' })
    terminal.line(`${ran.length} ran, ${pending.length} pending.`)
    return pending.length > 0 ? 1 : 0
  },
}
