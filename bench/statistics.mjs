export function sorted(values) {
  return values.toSorted((one, other) => one - other)
}

export function median(values) {
  return sorted(values)[Math.floor(values.length / 2)]
}

/** The interval that holds the true median in 95 of 100 cases. */
export function interval(values) {
  const half = 0.98 * Math.sqrt(values.length)
  const middle = (values.length - 1) / 2
  return [sorted(values)[Math.max(0, Math.floor(middle - half))], sorted(values)[Math.min(values.length - 1, Math.ceil(middle + half))]]
}
