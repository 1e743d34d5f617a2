/** The flow, drawn. A node under the pointer or the focus lights its ribbons and is told in words; a press makes it the anchor. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { compact, percent } from "../../figures";
import { texts } from "../../texts";
import { BAR, clipped, flow, LABEL, type Flow, type Node } from "./flow";
import type { PathsFound, Story } from "./told";

interface DrawingProps {
  found: PathsFound;
  story: Story;
  open: (node: Node) => void;
}

const words = texts.paths;
/** No column is narrower: beyond that the drawing scrolls inside its card. */
const NARROWEST = 150;
/** Of less there is no room for shares beside the names. */
const ROOMY = 170;

export function Drawing({ found, story, open }: DrawingProps) {
  const at = useRef<HTMLDivElement>(null);
  const width = useWidth(at);
  const [lit, light] = useState<number>();
  const steps = Math.max(...found.nodes.map((node) => node.step)) + 1;
  const drawn = useMemo(
    () => flow(found.nodes, found.links, Math.max(width, steps * NARROWEST), found.direction === "previous"),
    [found, width, steps],
  );
  useEffect(() => light(undefined), [found]);
  const told = lit !== undefined && lit < found.nodes.length ? lit : undefined;
  return (
    <div class="drawing" ref={at}>
      <p class="told" aria-live="polite">{told === undefined ? <span class="soft">{words.hint(found.direction)}</span> : story.tell(told)}</p>
      {width > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={words.drawing} onMouseLeave={() => light(undefined)}>
          <svg width={drawn.width} height={drawn.height + 4} role="group" aria-label={words.nodes}>
            <Ribbons drawn={drawn} lit={told} />
            {found.nodes.map((node, place) => (
              <NodeDrawn key={`${node.step} ${node.kind} ${node.name}`} {...{ node, place, drawn, story, light, open }} back={found.direction === "previous"} dim={dim(found, told, place)} />
            ))}
          </svg>
        </div>
      )}
    </div>
  );
}

/** Of what does not touch the lit node. */
function dim({ links }: PathsFound, lit: number | undefined, place: number): boolean {
  return lit !== undefined && lit !== place && !links.some(({ source, target }) => (source === lit && target === place) || (target === lit && source === place));
}

function Ribbons({ drawn, lit }: { drawn: Flow; lit: number | undefined }) {
  return (
    <g aria-hidden="true">
      {drawn.ribbons.map(({ source, target, outline }) => (
        <path key={`${source} ${target}`} class={lit === undefined ? "ribbon" : lit === source || lit === target ? "ribbon lit" : "ribbon dim"} d={outline} />
      ))}
    </g>
  );
}

interface NodeDrawnProps {
  node: Node;
  place: number;
  drawn: Flow;
  story: Story;
  light: (place: number | undefined) => void;
  open: (node: Node) => void;
  dim: boolean;
  back: boolean;
}

function NodeDrawn({ node, place, drawn, story, light, open, dim, back }: NodeDrawnProps) {
  const bar = drawn.bars[place];
  if (!bar) return null;
  const figures = node.kind === "start" || drawn.slot < ROOMY ? compact(node.visits) : `${compact(node.visits)} · ${percent(story.share(node))}`;
  const leads = (node.kind === "page" || node.kind === "event") && node.name !== "";
  const name = clipped(story.name(node), drawn.slot - 20 - figures.length * 6.6);
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    // The node is about to go: the focus stays with the drawing.
    if (event.currentTarget instanceof Element) event.currentTarget.closest<HTMLElement>(".scroll")?.focus();
    open(node);
  };
  const doing = leads ? { role: "button" as const, onClick: () => open(node), onKeyDown: press } : { role: "img" as const };
  const stub = Math.min(26, drawn.slot / 4);
  return (
    <g class={`node ${node.kind}${dim ? " dim" : ""}${leads ? " leads" : ""}`} tabIndex={0} aria-label={words.node(`${name} ${figures}`, node.step, story.tell(place))} onMouseEnter={() => light(place)} onFocus={() => light(place)} onBlur={() => light(undefined)} {...doing}>
      <rect class="reach" x={bar.x} y={bar.y - LABEL} width={drawn.slot - 6} height={LABEL + Math.max(bar.height, 4)} />
      {bar.ended > 0.5 && <rect class="ended" x={back ? bar.x - stub : bar.x + BAR} y={bar.y + bar.height - bar.ended} width={back ? Math.min(stub, bar.x) : stub} height={bar.ended} />}
      <rect class="bar" x={bar.x} y={bar.y} width={BAR} height={bar.height} rx={2} />
      <text x={bar.x} y={bar.y - 6}>
        {`${name} `}
        <tspan class="figures-of" dx={3}>{figures}</tspan>
      </text>
    </g>
  );
}

/** The room that there is, as the window changes. */
function useWidth(at: { current: HTMLElement | null }): number {
  const [width, set] = useState(0);
  useEffect(() => {
    const element = at.current;
    if (!element) return;
    const measure = () => set(Math.max(0, element.clientWidth - 32));
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    measure();
    return () => watch.disconnect();
  }, []);
  return width;
}
