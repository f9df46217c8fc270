import type { IncomingMessage } from 'node:http'

/** How the frameworks tell which route it was: Express, Fastify, and the router of Koa. */
interface Carrier {
  readonly route?: { readonly path?: unknown }
  readonly baseUrl?: unknown
  readonly routeOptions?: { readonly url?: unknown }
  readonly _matchedRoute?: unknown
}

/** The pattern of the route that a framework has found: `/orders/:id`. */
function routePattern(carrier: Carrier): string | undefined {
  const { route, baseUrl, routeOptions, _matchedRoute } = carrier
  if (route?.path !== undefined) return `${baseUrl ? urlPattern(String(baseUrl)) : ''}${String(route.path)}`
  const pattern = routeOptions?.url ?? _matchedRoute
  return pattern === undefined ? undefined : String(pattern)
}

/** The method and the pattern of a request's route: `POST /orders/:id`. @param carrier What knows it. */
export function routeOf({ method = 'GET', url = '/' }: Pick<IncomingMessage, 'method' | 'url'>, carrier: Carrier): string {
  return `${method} ${routePattern(carrier) ?? urlPattern(url)}`
}

/** What stands for a URL where no route is known: clients choose all but its first part. */
function urlPattern(url: string): string {
  const [first, ...rest] = pathOf(url).split('/').filter(Boolean)
  return `/${first ?? ''}${rest.length > 0 ? '/*' : ''}`
}

/** A URL without its query, which may hold secrets. */
export function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
