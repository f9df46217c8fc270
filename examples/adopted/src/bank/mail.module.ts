import { Global, Injectable, Logger, Module } from '@nestjs/common'

export interface Mail {
  /** The payment that it is about. */
  readonly reference: string
  readonly text: string
}

/** The mail server. */
@Injectable()
export class Smtp {
  private readonly logger = new Logger(Smtp.name)

  async deliver({ reference, text }: Mail): Promise<void> {
    this.logger.log(`${reference}: ${text}`)
  }
}

@Injectable()
export class Mailer {
  constructor(private readonly smtp: Smtp) {}

  async send(mail: Mail): Promise<void> {
    await this.smtp.deliver(mail)
  }
}

@Global()
@Module({ providers: [Smtp, Mailer], exports: [Smtp, Mailer] })
export class MailModule {}
