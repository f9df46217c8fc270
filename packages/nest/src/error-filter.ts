import { ServerResponse } from 'node:http'
import { isHidden, plainWords, problemOf, problemType, sendText } from '@active-alchemy/core/http'
import { type ArgumentsHost, Catch, type ExceptionFilter, type HttpServer, Logger } from '@nestjs/common'
import type { Binding } from './binding.js'

/** Matches the errors of the database and of this library. */
class Known {
  static [Symbol.hasInstance](error: unknown): boolean {
    return problemOf(error) !== undefined
  }
}

const logger = new Logger('ExceptionsHandler')

/**
 * The last filter that Nest asks: it answers errors of the database that no filter of the application has answered.
 *
 * Nest would take what a client did wrong for a failure of the application, and log its stack.
 */
@Catch(Known)
export class ErrorFilter implements ExceptionFilter<Error> {
  constructor(
    private readonly binding: Binding,
    private readonly http: HttpServer,
  ) {}

  catch(error: Error, host: ArgumentsHost): void {
    const problem = problemOf(error)
    if (host.getType() !== 'http' || !problem) return
    const { status, code } = problem
    if (isHidden(error)) logger.error(error)
    const response = host.getArgByIndex<ServerResponse | { readonly raw: ServerResponse }>(1)
    if (this.http.isHeadersSent(response)) {
      this.http.end(response)
      return
    }
    if (this.binding.json) {
      this.#reply(response, status, JSON.stringify(problem))
      return
    }
    const facts = { ...(code === undefined ? {} : { code }), ...columnsOf(error) }
    const words = plainWords(status)
    this.http.reply(response, isHidden(error) ? words : { ...words, message: error.message, ...facts }, status)
  }

  /** Both platforms would add a charset to the type of a text, which has none. */
  #reply(response: ServerResponse | { readonly raw: ServerResponse }, status: number, body: string): void {
    if (response instanceof ServerResponse) {
      sendText(response, status, problemType, body)
      return
    }
    this.http.setHeader(response, 'content-type', problemType)
    this.http.reply(response, Buffer.from(body), status)
  }
}

/** The columns that an error names, by the name that it has for them. */
function columnsOf(error: Error): object {
  const { column, columns }: { readonly column?: unknown; readonly columns?: unknown } & Error = error
  return { ...(column === undefined ? {} : { column }), ...(columns === undefined ? {} : { columns }) }
}
