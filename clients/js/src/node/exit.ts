/** The end of the process: what waits is sent before it. */

type Signal = NodeJS.Signals

/** Call `flush` when the process has nothing else to do, and on these signals. Returns how to undo that. */
export function beforeExit(flush: () => Promise<void>, signals: readonly string[]): () => void {
  const idle = (): void => void flush()
  const told = (signal: Signal): void => {
    void flush().finally(() => {
      undo()
      process.kill(process.pid, signal)
    })
  }
  const undo = (): void => {
    process.off('beforeExit', idle)
    for (const signal of signals) process.off(signal as Signal, told)
  }
  process.on('beforeExit', idle)
  for (const signal of signals) process.on(signal as Signal, told)
  return undo
}
