/** What is known of a quantity from its measurements: the median, the interval that holds the true one in 95 of 100 cases, and the range. */
export function estimate(values) {
  const ordered = sorted(values)
  const [low, high] = interval(ordered)
  return { median: ordered[Math.floor(ordered.length / 2)], low, high, least: ordered[0], most: ordered.at(-1) }
}

export function sorted(values) {
  return values.toSorted((one, other) => one - other)
}

/** By order statistics; D. R. Helsel et al., *Statistical Methods in Water Resources*, 3.3.1. */
function interval(ordered) {
  const half = 0.98 * Math.sqrt(ordered.length)
  const middle = (ordered.length - 1) / 2
  return [ordered[Math.max(0, Math.floor(middle - half))], ordered[Math.min(ordered.length - 1, Math.ceil(middle + half))]]
}
