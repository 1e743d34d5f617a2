/** Idempotency keys: UUIDs of version 7 that rise as they are made. A key that is a UUID becomes the event's id. */

/** A maker of keys from a source of random bytes. */
export function keyMaker(random: (count: number) => Uint8Array): () => string {
  let last = 0
  let count = 0
  return () => {
    const now = Date.now()
    count = now > last ? 0 : count + 1 // also when the clock was set back
    last = Math.max(now, last) + (count >> 12)
    count &= 0xfff
    const tail = [...random(8)].map((byte, index) => hex(index ? byte : (byte & 0x3f) | 0x80, 2)).join('')
    const time = hex(last, 12)
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(count, 3)}-${tail.slice(0, 4)}-${tail.slice(4)}`
  }
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0')
}
