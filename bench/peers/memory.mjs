import { readFileSync, writeFileSync } from 'node:fs'

/** Frees what can be freed, and begins anew with the peak where the system can (Linux). */
export function resetPeak() {
  globalThis.gc()
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Elsewhere the peak is that of the whole life of the process.
  }
}

/** @returns {number} Bytes that the process held at most since the reset. */
export function peak() {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1_024
  } catch {
    return process.resourceUsage().maxRSS * 1_024
  }
}

/** @returns {Promise<number>} Bytes of the heap that each of the records keeps. */
export async function bytesOfRecord(load, times) {
  await load()
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  const kept = []
  for (let time = 0; time < times; time++) kept.push(await load())
  globalThis.gc()
  return (process.memoryUsage().heapUsed - before) / kept.reduce((count, records) => count + records.length, 0)
}
