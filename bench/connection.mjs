import { once } from 'node:events'
import { connect } from 'node:net'

/** A connection to a server under measurement. It costs little, since it shares the machine with what it measures. */
export async function openConnection(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
  await once(socket, 'connect')
  let text = ''
  let settle
  socket.on('data', (chunk) => {
    text += chunk
    const body = text.indexOf('\r\n\r\n') + 4
    const length = /content-length: (\d+)/i.exec(text)?.[1]
    if (body < 4 || text.length < body + Number(length)) return
    if (!text.startsWith('HTTP/1.1 200 ')) settle.reject(new Error(`The server answered ${text}`))
    text = ''
    settle.resolve()
  })
  socket.on('close', () => settle?.reject(new Error('The server closed the connection')))
  return {
    /** Sends a request and waits for its answer, which must be 200. */
    ask: (line = 'GET /') =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        if (!socket.writable) reject(new Error('The server has closed the connection'))
        const empty = line.startsWith('GET') ? '' : 'content-length: 0\r\n'
        socket.write(`${line} HTTP/1.1\r\nhost: localhost\r\n${empty}\r\n`)
      }),
    end: () => socket.destroy(),
  }
}
