/** The database with all its models: what `npx active-alchemy` loads. A new model is named here. */
export { db } from '../db.js'
export { Project } from './project.js'
export { Task } from './task.js'
