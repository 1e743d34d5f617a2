/** Bytes as text that harms nobody: sixteen a line, in hex and as far as they are plain letters. Pure. */

const WIDTH = 16;

/** `hex`: two digits a byte. */
export function dump(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const some = bytes.slice(at, at + WIDTH);
    const left = some.slice(0, WIDTH / 2).join(" ");
    const right = some.slice(WIDTH / 2).join(" ");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${`${left}  ${right}`.padEnd(WIDTH * 3)}  ${some.map(letter).join("")}`);
  }
  return lines.join("\n");
}

function letter(byte: string): string {
  const code = Number.parseInt(byte, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "·";
}
