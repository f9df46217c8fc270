import { isIP, SocketAddress } from 'node:net'
import { codeText } from './code-text.js'
import { type ColumnType, refuse } from './column-type.js'

/**
 * An IP address as text, of version 4 or 6, in its canonical form: `2001:DB8:0:0::1` is `2001:db8::1`, also in filters.
 *
 * It sorts as the text that it is.
 *
 * @since 0.2
 * @example
 * class Visit extends db.Model('Visit', { address: db.Column(db.IPAddressType()) }) {}
 * await Visit.create({ address: req.socket.remoteAddress })
 */
export function IPAddressType(): ColumnType<string> {
  return {
    kind: 'string',
    typeName: 'IPAddressType',
    // As the original has it.
    storage: (database) => codeText(database, 50),
    accept(value) {
      const version = typeof value === 'string' ? isIP(value) : 0
      // One with a zone, `fe80::1%eth0`, means something on its own machine only.
      if (typeof value !== 'string' || version === 0 || value.includes('%')) refuse('an IP address', value)
      return version === 4 ? value : new SocketAddress({ address: value, family: 'ipv6' }).address
    },
  }
}
