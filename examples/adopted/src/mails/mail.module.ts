import { type ActiveAlchemy, InjectAlchemy } from '@active-alchemy/nest'
import { Global, Injectable, Module } from '@nestjs/common'
import { type Mail, Mailer, Smtp } from '../bank/mail.module.js'

@Injectable()
class PatientMailer extends Mailer {
  constructor(
    smtp: Smtp,
    @InjectAlchemy() private readonly db: ActiveAlchemy,
  ) {
    super(smtp)
  }

  override async send(mail: Mail): Promise<void> {
    this.db.onCommit(() => super.send(mail))
  }
}

@Global()
@Module({ providers: [Smtp, { provide: Mailer, useClass: PatientMailer }], exports: [Smtp, Mailer] })
export class MailModule {}
