import { createAllText } from '../schema/tables.js'
import type { Command } from './command.js'

export const schemaCommand: Command = {
  name: 'schema',
  summary: 'Prints the SQL by which createAll() makes the tables of a new database.',
  about: ['Nothing is made; the database is asked what it can do.', 'Exit codes: 0 printed; 1 the database cannot be asked.'],
  async run({ db, terminal }) {
    for (const sql of await createAllText(db.dataSource)) terminal.raw(`${sql};`)
    return 0
  },
}
