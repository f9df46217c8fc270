import { ActiveAlchemy } from '@active-alchemy/fastify'

export const db = new ActiveAlchemy('sqlite://')
export class Note extends db.Model('Note', { text: db.Column(db.Text) }) {}
export const plugin = db.plugin()
export const list = () => Note.paginate()
