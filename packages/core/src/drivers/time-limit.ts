/** Runs `work`; when it takes longer than `timeoutMs`, calls `expire`, which must make it end. */
export async function within<T>(timeoutMs: number, expire: () => void, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(expire, timeoutMs)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}
