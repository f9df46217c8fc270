import { db } from './shop.js'

/** What TypeORM's command line is given by `-d`. */
export const dataSource = db.dataSource
