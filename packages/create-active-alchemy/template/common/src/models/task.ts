import { db } from '../db.js'
import { Project } from './project.js'

export class Task extends db.Model('Task', {
  title: db.Column(db.String(200), { length: { min: 1 } }),
  isDone: db.Column(db.Boolean, { default: false }),
}) {
  static relations = this.relate({ project: db.ManyToOne(() => Project, 'tasks', { nullable: false, onDelete: 'CASCADE' }) })
  declare project?: Project
  declare readonly projectId: number
}
