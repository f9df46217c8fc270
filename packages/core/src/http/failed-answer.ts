import { type ServerResponse, STATUS_CODES } from 'node:http'
import { TypeORMError } from 'typeorm'
import { errorBrand, isError } from '../errors.js'
import { describesBody } from './hold-response.js'

/** What a client is told of an error: a problem document of RFC 9457. @since 0.2 */
export interface Problem {
  /** Names no page: `title` is the meaning of `status`. */
  readonly type: 'about:blank'
  /** The meaning of `status`, in the words of HTTP. */
  readonly title: string
  /** HTTP status of the answer. */
  readonly status: number
  /** The message of the error; only where the client may see it. */
  readonly detail?: string
  /** The error's `code`: `RECORD_NOT_FOUND`. */
  readonly code?: string
  /** Columns that the error is about; only where the client may see them. */
  readonly columns?: readonly string[]
  /** All that is wrong with the values of an `INVALID_VALUE`, each with its `column`, `message` and `code`. */
  readonly errors?: readonly unknown[]
}

/** The media type of a problem document. @since 0.2 */
export const problemType = 'application/problem+json'

/** The HTTP status that answers an error: its own, or 500. @since 0.2 */
export function statusOf(error: unknown): number {
  const { status, statusCode = status } = factsOf(error)
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode <= 599 ? statusCode : 500
}

/**
 * The problem document of an error of the database or of this library; `undefined` for all others, which are the application's.
 *
 * @since 0.2
 */
export function problemOf(error: unknown): Problem | undefined {
  const isOurs = isError(error) && errorBrand in error
  if (!isOurs && !(error instanceof TypeORMError)) return undefined
  const { code, column, errors, columns = column === undefined ? undefined : columnsOf(column, errors), expose } = factsOf(error)
  const status = statusOf(error)
  return {
    type: 'about:blank',
    title: titleOf(status),
    status,
    ...(expose === true ? { detail: error.message } : {}),
    ...(isOurs && typeof code === 'string' ? { code } : {}),
    ...(expose === true && Array.isArray(columns) ? { columns: columns.map(String) } : {}),
    ...(isOurs && expose === true && Array.isArray(errors) ? { errors } : {}),
  }
}

/** The columns of an error: its own, or those of all that is wrong. */
function columnsOf(column: unknown, errors: unknown): readonly unknown[] {
  return Array.isArray(errors) ? [...new Set(errors.map((each: unknown) => factsOf(each).column))] : [column]
}

/**
 * Whether an error is of the database or of this library, and its words name what no client should know: hosts, tables, statements.
 *
 * @since 0.2
 */
export function isHidden(error: unknown): boolean {
  const problem = problemOf(error)
  return problem !== undefined && problem.detail === undefined
}

/** The meaning of a status, in the words of HTTP. */
function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Unknown Error'
}

/** Answers with a text, and with nothing of an answer that was begun before. @since 0.2 */
export function sendText(res: ServerResponse, status: number, type: string, body: string): void {
  for (const name of res.getHeaderNames()) if (describesBody.test(name)) res.removeHeader(name)
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

/** Answers with an error on a response that no framework answers any more. @since 0.2 */
export function sendFailure(res: ServerResponse, error: unknown, json = false): void {
  const problem = json ? problemOf(error) : undefined
  const status = statusOf(error)
  if (problem) sendText(res, status, problemType, JSON.stringify(problem))
  else sendText(res, status, 'application/json; charset=utf-8', JSON.stringify(plainWords(status)))
}

/** What a client is told where it is told no more than a status, in the shape that Fastify and Nest have for errors. @since 0.2 */
export function plainWords(status: number): { readonly statusCode: number; readonly error: string; readonly message: string } {
  return { statusCode: status, error: titleOf(status), message: titleOf(status) }
}

/** What is needed of a reply of Fastify, which an application on another framework does not install. @since 0.2 */
export interface FastifyReplyLike {
  readonly raw: ServerResponse
  readonly sent: boolean
  readonly log: { error(facts: object, message: string): void }
  getHeaders(): object
  removeHeader(name: string): unknown
  code(status: number): FastifyReplyLike
  send(payload: unknown): unknown
}

/** Answers by Fastify in place of an answer whose commit failed. @since 0.2 */
export function failReply(reply: FastifyReplyLike, error: unknown, json = false): void {
  if (reply.sent) {
    // Hijacked: Fastify answers nothing any more.
    reply.log.error({ err: error }, 'The commit of a hijacked answer failed')
    sendFailure(reply.raw, error, json)
    return
  }
  for (const name of Object.keys(reply.getHeaders())) if (describesBody.test(name)) reply.removeHeader(name)
  reply.code(statusOf(error)).send(error)
}

/** What an error may say of its answer, whatever class it is. */
function factsOf(error: unknown): {
  readonly status?: unknown
  readonly statusCode?: unknown
  readonly code?: unknown
  readonly column?: unknown
  readonly columns?: unknown
  readonly errors?: unknown
  readonly expose?: unknown
} {
  return typeof error === 'object' && error !== null ? error : {}
}
