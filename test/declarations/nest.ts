import { ActiveAlchemy, AlchemyModule, InjectModel, InjectSession, RollbackWhen, Session, typeOrmOptions } from '@active-alchemy/nest'
import { Controller, Get, Injectable, Module } from '@nestjs/common'

export const db = new ActiveAlchemy('sqlite://')
export class Note extends db.Model('Note', { text: db.Column(db.Text) }) {}
export const options = typeOrmOptions(db)
export const imports = [AlchemyModule.forRoot({ db }), AlchemyModule.forFeature([Note])]

@Injectable()
export class Notes {
  constructor(
    @InjectModel(Note) readonly notes: typeof Note,
    @InjectSession() readonly session: Session,
  ) {}
  page() {
    return this.notes.paginate()
  }
  count() {
    return this.notes.query({ n: db.func.count() }).all()
  }
}

@Controller('notes')
export class NotesController {
  constructor(readonly service: Notes) {}
  @Get()
  @RollbackWhen(({ status }) => status >= 500)
  list() {
    return this.service.page()
  }
}

@Module({ imports, providers: [Notes], controllers: [NotesController] })
export class NotesModule {}
