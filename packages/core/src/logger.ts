import { AbstractLogger, type LogLevel, type LogMessage } from 'typeorm'

/** Prints statements for `echo`, without their values, which may be secrets, and what TypeORM's command line has to say. */
export class StatementLogger extends AbstractLogger {
  /** One line: what took longer than `maxQueryExecutionTime`, and how long. */
  override logQuerySlow(time: number, query: string): void {
    console.warn(`[active-alchemy] slow (${Math.round(time)} ms): ${query}`)
  }

  protected override writeLog(level: LogLevel, messages: LogMessage | LogMessage[]): void {
    for (const message of this.prepareLogMessages(messages, { appendParameterAsComment: false })) {
      if (message.type === 'query' || level === 'query') console.log(`[active-alchemy] ${message.message}`)
      else if (message.type === 'schema-build') console.log(message.message)
      else if (level === 'warn') console.warn(`[active-alchemy] ${message.message}`)
    }
  }
}
