import { db } from '../db.js'
import { Task } from './task.js'

export class Project extends db.Model('Project', {
  name: db.Column(db.String(80), { length: { min: 1 } }),
}) {
  static relations = this.relate({ tasks: db.OneToMany(() => Task, 'project') })
  declare tasks?: Task[]
}
