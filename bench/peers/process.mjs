import { fork } from 'node:child_process'
import { once } from 'node:events'

/**
 * Starts a process that answers each message with one.
 *
 * @param {string} title For messages.
 * @param {URL} script
 * @param {readonly string[]} parameters
 */
export async function startProcess(title, script, parameters) {
  const env = { ...process.env, NODE_ENV: 'production' }
  const child = fork(script, parameters, { env, execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let complaints = ''
  child.stderr.on('data', (chunk) => {
    complaints = `${complaints}${chunk}`.slice(-2_000)
  })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`The process of ${title} has ended. ${complaints}`)))
  ended.catch(() => undefined)
  const answer = async () => {
    const [message] = await Promise.race([once(child, 'message'), ended])
    if (message.error) throw new Error(`${title}: ${message.error}`)
    return message
  }
  const first = await answer()
  return {
    /** What it said when it was ready. */
    first,
    ask: (message) => {
      child.send(message)
      return answer()
    },
    async stop() {
      child.kill()
      await ended.catch(() => undefined)
    },
  }
}
