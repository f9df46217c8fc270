import { ActiveAlchemy } from '@active-alchemy/koa'

export const db = new ActiveAlchemy('sqlite://')
export class Note extends db.Model('Note', { text: db.Column(db.Text) }) {}
export const middleware = db.middleware()
export const list = () => Note.paginate()
