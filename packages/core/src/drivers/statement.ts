import { type DataSource, QueryFailedError } from 'typeorm'
import { ActiveAlchemyError, InvalidStatementError, isError } from '../errors.js'
import { after, either, type Eventual } from '../eventual.js'
import { type DatabaseFailure, databaseError } from './database-error.js'
import type { DriverRunner, StatementResult } from './driver.js'
import { Password } from '../types/password.js'
import { channels, type QueryTrace } from '../scope/diagnostics.js'
import { currentScope } from '../scope/scope.js'
import type { DatabaseKind } from '../uri.js'
import { BroadcasterResult } from './internals.js'

/** What a statement gave, with what the database client knows of its columns. */
export interface Answer {
  /** As the runner's `query` gives it. */
  readonly result: StatementResult
  /** As TypeORM shows it to subscribers: what the database client itself gave. */
  readonly native: unknown
}

/** Why a database refused a statement. */
export interface Refusal {
  /** The reason, where it is one of those that mean the same on every database. */
  readonly failure: DatabaseFailure | undefined
  /** Takes the values of the statement out of the database's words. */
  readonly withoutValues: (message: string) => string
}

/** A runner as its statements see it. */
interface StatementRunner extends DriverRunner {
  readonly driver: {
    readonly dataSource: DataSource
    readonly kind: DatabaseKind
    readonly pooling: { readonly name: string }
    bind(parameters: readonly unknown[]): unknown[]
  }
}

/**
 * The life of one statement, the same on every database: it is logged, told to subscribers before and after, timed, and its failure is
 * worded. A database only sends and explains.
 *
 * @param send Sends it; `values` are the parameters as the database client takes them. One that never waits answers at once.
 * @param explain Tells what an error of the database client means; an error that it gives is thrown as it is.
 * @throws {QueryFailedError} The database refused it.
 */
export function runStatement(
  runner: StatementRunner,
  sql: string,
  parameters: readonly unknown[],
  send: (values: unknown[]) => Eventual<Answer>,
  explain: (error: Error, values: unknown[]) => Refusal | Error,
): Eventual<StatementResult> {
  if (!channels.query.isHeard) return logged(runner, sql, parameters, send, explain)
  const { kind, pooling } = runner.driver
  const operation = (/[a-z]+/i.exec(sql)?.[0] ?? '').toUpperCase()
  const scope = currentScope()
  const trace: QueryTrace = { system: kind, database: pooling.name, text: sql, operation, scope: scope?.trace?.id, site: scope?.site }
  return channels.query.around(trace, () =>
    after(logged(runner, sql, parameters, send, explain), (result) => {
      trace.rows = result.affected ?? (result.lists.length || result.records.length)
      return result
    }),
  )
}

function logged(
  runner: StatementRunner,
  sql: string,
  parameters: readonly unknown[],
  send: (values: unknown[]) => Eventual<Answer>,
  explain: (error: Error, values: unknown[]) => Refusal | Error,
): Eventual<StatementResult> {
  const { dataSource } = runner.driver
  const { logger, subscribers } = dataSource
  const { maxQueryExecutionTime = 0 } = dataSource.options
  refusePlain(parameters)
  const values = runner.driver.bind(parameters)
  logger.logQuery(sql, values, runner)
  const isHeard = subscribers.length > 0
  const { onStatement } = runner
  const isTimed = isHeard || maxQueryExecutionTime > 0 || onStatement !== undefined
  let startedAt = 0

  const refuse = (error: unknown): Eventual<never> => {
    onStatement?.(sql, performance.now() - startedAt)
    // One that has its words already: it could not even be sent.
    if (!isError(error) || error instanceof ActiveAlchemyError || error instanceof QueryFailedError) throw error
    const reason = explain(error, values)
    const failed = isError(reason) ? reason : databaseError(new QueryFailedError(sql, values, error), reason.failure, reason.withoutValues)
    logger.logQueryError(error, sql, values, runner)
    if (isHeard) return announce(runner, sql, values, false, undefined, undefined, error).then(() => Promise.reject(failed))
    throw failed
  }
  const answered = ({ result, native }: Answer): Eventual<StatementResult> => {
    if (!isTimed) return result
    const elapsed = performance.now() - startedAt
    onStatement?.(sql, elapsed)
    if (maxQueryExecutionTime > 0 && elapsed > maxQueryExecutionTime) logger.logQuerySlow(elapsed, sql, values, runner)
    return isHeard ? announce(runner, sql, values, true, elapsed, native).then(() => result) : result
  }
  const sent = (): Eventual<StatementResult> => {
    startedAt = isTimed ? performance.now() : 0
    return either(() => send(values), answered, refuse)
  }
  return isHeard ? runner.broadcaster.broadcast('BeforeQuery', sql, values).then(sent) : sent()
}

/** @throws {InvalidStatementError} A password would be bound that is no hash yet. */
function refusePlain(parameters: readonly unknown[]): void {
  for (const each of parameters) if (each instanceof Password) throw new InvalidStatementError('one of its values is a password')
}

async function announce(
  runner: StatementRunner,
  sql: string,
  values: unknown[],
  success: boolean,
  elapsed?: number,
  native?: unknown,
  error?: Error,
): Promise<void> {
  const events = new BroadcasterResult()
  runner.broadcaster.broadcastAfterQueryEvent(events, sql, values, success, elapsed, native, error)
  await events.wait()
}
