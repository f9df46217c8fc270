import { connect, createServer, type Socket } from 'node:net'

/** A line to a server that a test can disturb. */
export interface Proxy {
  readonly port: number
  /** How often `text` was sent to the server. */
  count(text: string): number
  /** Passes the next message that holds `text` on, and cuts the line when the server has answered. */
  cutAnswerTo(text: string): void
  /** Passes the next message that holds `text` on, and keeps what is answered. @returns Lets the answer go, when the message was sent. */
  holdAnswerTo(text: string): Promise<() => void>
  /** The lines that are open look alive until something is sent on them. */
  killSilently(): void
  /** Nothing passes any more, in either direction, and nobody is told; connections are taken. */
  silence(): void
  /** Ends a silence: the lines that it met stay dead. */
  speak(): void
  /** Refuses every connection, and cuts those that are open. */
  close(): Promise<void>
  /** Lets connections in again, on the same port. */
  open(): Promise<void>
}

/** Starts a proxy on loopback before the server of `url`. @param rewrite Changes what the server says. */
export async function startProxy(url: string, rewrite: (chunk: Buffer) => Buffer = (chunk) => chunk): Promise<Proxy> {
  const { hostname, port: target } = new URL(url)
  const lines = new Set<{ readonly client: Socket; readonly server: Socket; isDead: boolean }>()
  const sent: string[] = []
  let cut: string | undefined
  let hold: { readonly text: string; readonly sent: (release: () => void) => void } | undefined
  let isSilent = false

  const accept = (client: Socket): void => {
    const server = connect(Number(target), hostname)
    const line = { client, server, isDead: false }
    lines.add(line)
    let isCut = false
    let isMute = false
    let held: Buffer[] | undefined
    const isUnheard = (): boolean => (isMute ||= isSilent)
    client.on('data', (chunk) => {
      if (isUnheard()) return
      const text = chunk.toString('latin1')
      sent.push(text)
      if (line.isDead) {
        client.resetAndDestroy()
        return
      }
      if (cut !== undefined && text.includes(cut)) {
        cut = undefined
        isCut = true
      }
      server.write(chunk)
      if (hold === undefined || !text.includes(hold.text)) return
      held = []
      hold.sent(() => {
        for (const each of held ?? []) client.write(each)
        held = undefined
      })
      hold = undefined
    })
    server.on('data', (chunk) => {
      if (isUnheard()) return
      if (isCut) client.destroy()
      else if (held) held.push(rewrite(chunk))
      else client.write(rewrite(chunk))
    })
    server.on('close', () => line.isDead || client.destroy())
    client.on('close', () => {
      server.destroy()
      lines.delete(line)
    })
    for (const socket of [client, server]) socket.on('error', () => undefined)
  }

  let listener = createServer(accept)
  const listen = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      listener = createServer(accept)
      listener.once('error', reject)
      listener.listen(port, '127.0.0.1', () => {
        const address = listener.address()
        resolve(address && typeof address === 'object' ? address.port : 0)
      })
    })
  const port = await listen(0)
  return {
    port,
    count: (text) => sent.reduce((count, each) => count + each.split(text).length - 1, 0),
    cutAnswerTo: (text) => void (cut = text),
    holdAnswerTo: (text) => new Promise((sent) => (hold = { text, sent })),
    killSilently() {
      for (const line of lines) {
        line.isDead = true
        line.server.destroy()
      }
    },
    silence: () => void (isSilent = true),
    speak: () => void (isSilent = false),
    close: () =>
      new Promise((resolve) => {
        for (const { client } of lines) client.destroy()
        listener.close(() => resolve())
      }),
    open: async () => void (await listen(port)),
  }
}
