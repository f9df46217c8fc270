import type { ServerResponse } from 'node:http'
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common'
import type { AbstractHttpAdapter } from '@nestjs/core'

/** Words the errors of the shop: what a client may know, he is told. */
@Catch()
export class ErrorsFilter implements ExceptionFilter {
  constructor(
    private readonly http: AbstractHttpAdapter,
    private readonly logError: (error: unknown) => void,
  ) {}

  catch(error: { status?: number; code?: string; expose?: boolean; message: string }, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>()
    // Who has left reads no answer; what was begun for him has been rolled back.
    if (response.closed) return
    const { status = 500, code, expose = status < 500, message } = error
    if (status >= 500) this.logError(error)
    this.http.reply(response, { code, error: expose ? message : 'Something went wrong. Nothing was changed.' }, status)
  }
}
