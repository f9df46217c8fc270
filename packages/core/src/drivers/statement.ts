import { type DataSource, QueryFailedError } from 'typeorm'
import { ActiveAlchemyError } from '../errors.js'
import { type DatabaseFailure, databaseError } from './database-error.js'
import type { DriverRunner, StatementResult } from './driver.js'
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
  readonly driver: { readonly dataSource: DataSource; bind(parameters: readonly unknown[]): unknown[] }
}

/**
 * The life of one statement, the same on every database: it is logged, told to subscribers before and after, timed, and its failure is
 * worded. A database only sends and explains.
 *
 * @param send Sends it; `values` are the parameters as the database client takes them.
 * @param explain Tells what an error of the database client means; an error that it gives is thrown as it is.
 * @throws {QueryFailedError} The database refused it.
 */
export async function runStatement(
  runner: StatementRunner,
  sql: string,
  parameters: readonly unknown[],
  send: (values: unknown[]) => Answer | Promise<Answer>,
  explain: (error: Error, values: unknown[]) => Refusal | Error,
): Promise<StatementResult> {
  const { dataSource } = runner.driver
  const { logger } = dataSource
  const values = runner.driver.bind(parameters)
  logger.logQuery(sql, values, runner)
  if (dataSource.subscribers.length > 0) await runner.broadcaster.broadcast('BeforeQuery', sql, values)
  const startedAt = performance.now()
  let answer: Answer
  try {
    const sent = send(values)
    // One that never waits has been answered by now.
    answer = sent instanceof Promise ? await sent : sent
  } catch (error) {
    runner.onStatement?.(sql, performance.now() - startedAt)
    // One that has its words already: it could not even be sent.
    if (!(error instanceof Error) || error instanceof ActiveAlchemyError || error instanceof QueryFailedError) throw error
    const reason = explain(error, values)
    const failed =
      reason instanceof Error ? reason : databaseError(new QueryFailedError(sql, values, error), reason.failure, reason.withoutValues)
    logger.logQueryError(error, sql, values, runner)
    if (dataSource.subscribers.length > 0) await announce(runner, sql, values, false, undefined, undefined, error)
    throw failed
  }
  const elapsed = performance.now() - startedAt
  runner.onStatement?.(sql, elapsed)
  const { maxQueryExecutionTime } = dataSource.options
  if (maxQueryExecutionTime && elapsed > maxQueryExecutionTime) logger.logQuerySlow(elapsed, sql, values, runner)
  if (dataSource.subscribers.length > 0) await announce(runner, sql, values, true, elapsed, answer.native)
  return answer.result
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
