/** The layout of paths as a flow: steps are columns, nodes are bars as tall as their visits, links are ribbons between them. */

export interface Node {
  step: number;
  kind: "start" | "page" | "event" | "other";
  name: string;
  visits: number;
  /** Visits that go no further; null at the last step. */
  ended: number | null;
}

export interface Link {
  /** Places in the nodes; the target is one step further from where all begin. */
  source: number;
  target: number;
  visits: number;
}

export interface Bar {
  x: number;
  y: number;
  height: number;
  /** The part of the height that goes no further, at the bottom. */
  ended: number;
}

export interface Ribbon {
  source: number;
  target: number;
  /** The outline, as the `d` of an SVG path. */
  outline: string;
}

export interface Flow {
  width: number;
  height: number;
  /** Of each node, in their order. */
  bars: Bar[];
  ribbons: Ribbon[];
  /** Width of a column. */
  slot: number;
}

export const BAR = 10;
/** Room above a bar for its name. */
export const LABEL = 20;
const GAP = 12;
const LEAST = 3;
const TALLEST = 300;

/** `backwards`: the first step stands at the right, since the others came before it. */
export function flow(nodes: Node[], links: Link[], width: number, backwards: boolean): Flow {
  const columns = byStep(nodes);
  const slot = width / columns.length;
  const scale = TALLEST / Math.max(1, ...columns.map((column) => column.reduce((sum, place) => sum + (nodes[place]?.visits ?? 0), 0)));
  const bars: Bar[] = [];
  let height = 0;
  columns.forEach((column, step) => {
    const x = slot * (backwards ? columns.length - 1 - step : step);
    let y = 0;
    for (const place of column) {
      const node = nodes[place];
      if (!node) continue;
      const tall = Math.max(LEAST, node.visits * scale);
      bars[place] = { x, y: y + LABEL, height: tall, ended: (node.ended ?? 0) * scale };
      y += LABEL + tall + GAP;
    }
    height = Math.max(height, y - GAP);
  });
  return { width, height, bars, ribbons: ribbons(bars, links, scale, backwards), slot };
}

/** Places of the nodes of each step. */
function byStep(nodes: Node[]): number[][] {
  const columns: number[][] = [];
  nodes.forEach((node, place) => (columns[node.step] ??= []).push(place));
  return columns;
}

/** At either bar ribbons lie one below the other, in the order of the bars that they lead to, and so cross as little as may be. */
function ribbons(bars: Bar[], links: Link[], scale: number, backwards: boolean): Ribbon[] {
  const [out, into] = [bars.map((bar) => bar.y), bars.map((bar) => bar.y)];
  const ordered = [...links].sort((one, other) => one.source - other.source || one.target - other.target);
  const found: Ribbon[] = [];
  for (const { source, target, visits } of ordered) {
    const [from, to] = [bars[source], bars[target]];
    if (!from || !to) continue;
    const tall = visits * scale;
    const [y0, y1] = [out[source] ?? 0, into[target] ?? 0];
    out[source] = y0 + tall;
    into[target] = y1 + tall;
    found.push({ source, target, outline: backwards ? band(to.x + BAR, y1, from.x, y0, tall) : band(from.x + BAR, y0, to.x, y1, tall) });
  }
  return found;
}

function band(x0: number, y0: number, x1: number, y1: number, tall: number): string {
  const [half, thick] = [(x0 + x1) / 2, Math.max(tall, 0.75)];
  const curve = (points: number[]) => points.map((point) => Math.round(point * 100) / 100).join(" ");
  return `M${curve([x0, y0])}C${curve([half, y0, half, y1, x1, y1])}V${curve([y1 + thick])}C${curve([half, y1 + thick, half, y0 + thick, x0, y0 + thick])}Z`;
}

/** What of a text has room in so many pixels, at the page's size of type. */
export function clipped(text: string, room: number): string {
  const most = Math.max(3, Math.floor(room / 6.8));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
