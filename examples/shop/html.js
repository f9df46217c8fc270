/** HTML that was written here; all else that is put into it is text. */
class Html {
  #text

  constructor(text) {
    this.#text = text
  }

  toString() {
    return this.#text
  }
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Names come from whoever adds products: shown as text, whatever they hold. */
function written(value) {
  if (Array.isArray(value)) return value.map(written).join('')
  return value instanceof Html ? String(value) : String(value).replace(/[&<>"']/g, (character) => entities[character])
}

/** Writes HTML: what stands in it is text, but for other HTML and lists of it. */
export function html(parts, ...values) {
  return new Html(String.raw({ raw: parts }, ...values.map(written)))
}

/** Takes a text for HTML: one that escapes what it holds by itself. */
export function asHtml(text) {
  return new Html(text)
}

export const nothing = html``
