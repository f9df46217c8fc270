import { join } from 'node:path'
import { ActiveAlchemy } from '@active-alchemy/nest'
import { settings } from './settings.js'

export const db = new ActiveAlchemy(settings.databaseUrl, {
  typeorm: { migrations: [join(import.meta.dirname, 'migrations/*.js')] },
})
