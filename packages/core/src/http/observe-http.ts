import type { IncomingMessage, ServerResponse } from 'node:http'
import { Observation } from '../scope/observation.js'
import { printFinding, type Reporter } from '../scope/report.js'
import { type BindOptions, decided } from './bind-options.js'
import { pathOf, routeOf } from './route.js'

/** How long after its end a request may still hold a connection, in milliseconds. */
const graceMs = 1_000

const observed = new WeakMap<IncomingMessage, Observation>()

/**
 * Watches a request in place of binding it (`mode: 'observe'`): nothing of it is changed, and what a binding would have caught is
 * reported with its route.
 *
 * A request that is watched already is not watched twice.
 *
 * @param carrier What knows the route: the request of the framework, or its context.
 * @returns What runs the rest of the request.
 * @since 0.2
 */
export function observeHttp(
  req: IncomingMessage,
  res: ServerResponse,
  { report = printFinding, rollbackWhen = ({ status }) => status >= 400 }: BindOptions = {},
  carrier: object = req,
): Pick<Observation, 'run'> {
  const known = observed.get(req)
  if (known) return known
  const observation = new Observation(telling(req, carrier, report))
  observed.set(req, observation)
  // Every way in which an answer begins leads here, of HTTP/2 as well.
  const writeHead = res.writeHead.bind(res)
  const watchedHead = (...parameters: Parameters<typeof writeHead>): ServerResponse => {
    const sent = writeHead(...parameters)
    if (res.statusCode >= 200) observation.answered(res.statusCode, decided('rollbackWhen', rollbackWhen({ status: res.statusCode, req })))
    return sent
  }
  Reflect.set(res, 'writeHead', watchedHead)
  res.once('close', () => watchEnd(observation))
  return observation
}

/** Work that is watched and has no HTTP answer: a message. @since 0.2 */
export interface ObservedWork extends Pick<Observation, 'run'> {
  /** It has answered, or is over. @param failed Whether a binding would undo what was written. */
  ended(failed: boolean): void
}

/**
 * Watches a message in place of binding it. See `observeHttp`.
 *
 * @param label What it is called in reports: `rpc Orders.place`.
 * @since 0.2
 */
export function observeWork(label: string, { report = printFinding }: BindOptions = {}): ObservedWork {
  const observation = new Observation((kind, message, database) =>
    report({ kind, label, route: label, message: `${label} ${message}`, ...(database === undefined ? {} : { database }) }),
  )
  return {
    run: (work) => observation.run(work),
    ended(failed) {
      observation.answered(failed ? 'an error' : 'success', failed)
      watchEnd(observation)
    },
  }
}

function watchEnd(observation: Observation): void {
  setTimeout(() => observation.closed(graceMs) && watchEnd(observation), graceMs).unref()
}

function telling(req: IncomingMessage, carrier: object, report: Reporter): ConstructorParameters<typeof Observation>[0] {
  return (kind, message, database) => {
    const { method = 'GET', url = '/' } = req
    const label = `${method} ${pathOf(url)}`
    report({ kind, label, route: routeOf(req, carrier), message: `${label} ${message}`, ...(database === undefined ? {} : { database }) })
  }
}
