import { type Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Plan } from './plan.ts'

/** What a client knows about its request. */
export interface Outcome {
  readonly plan: Plan
  /** Status of the head that arrived, if one did. */
  readonly status?: number
  /** The code of the error that was answered. */
  readonly code?: string
  /** Whether neither an answer nor the end of the connection came. */
  readonly hangs?: boolean
}

/** Sends a request, and leaves when its plan says so. */
export async function perform(url: string, agent: Agent, plan: Plan, patienceMs: number): Promise<Outcome> {
  const limit = new AbortController()
  try {
    const late = sleep(patienceMs, { plan, hangs: true }, { signal: limit.signal })
    late.catch(() => undefined)
    return await Promise.race([send(url, agent, plan), late])
  } finally {
    limit.abort()
  }
}

function send(url: string, agent: Agent, plan: Plan): Promise<Outcome> {
  return new Promise((resolve) => {
    const body = JSON.stringify(plan)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const call = request(`${url}/transfer`, { method: 'POST', agent, headers }, (res) => {
      const status = res.statusCode ?? 0
      if (plan.leaves === 'at the head') {
        res.destroy()
        resolve({ plan, status })
        return
      }
      let text = ''
      res.on('data', (chunk) => (text += String(chunk)))
      // Also when it is cut off: the head has said what it says.
      res.on('close', () => {
        const [, code] = /"worded":"([^"]*)"/.exec(text) ?? []
        resolve({ plan, status, ...(code === undefined ? {} : { code }) })
      })
      res.on('error', () => undefined)
    })
    // A socket that the server closes on the way is no answer.
    call.on('error', () => resolve({ plan }))
    call.end(body)
    if (typeof plan.leaves === 'number') setTimeout(() => call.destroy(), plan.leaves)
  })
}
