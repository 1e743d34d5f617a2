/** Paths in words: names of nodes, and what is to be told of each. */
import { count, percent } from "../../figures";
import { texts } from "../../texts";
import type { Link, Node } from "./flow";

export interface PathsFound {
  direction: string;
  nodes: Node[];
  links: Link[];
}

export interface Story {
  name: (node: Node) => string;
  /** Share of all visits. */
  share: (node: Node) => number | null;
  /** Where most of a node's visits lead, by name and visits. */
  onward: (place: number, most: number) => [name: string, visits: number][];
  /** All of a node in a sentence or three. */
  tell: (place: number) => string;
}

const words = texts.paths;

/** `anchor`: the page or event where all begin; empty for the start of a visit. */
export function narrator({ nodes, links, direction }: PathsFound, anchor: string): Story {
  const all = nodes[0]?.visits ?? 0;
  const name = (node: Node) => {
    if (node.kind === "start") return anchor || words.edges[direction as keyof typeof words.edges] || "";
    return node.kind === "other" ? words.other : node.name || texts.none.unknown;
  };
  const share = (node: Node) => (all ? node.visits / all : null);
  const onward = (place: number, most: number) =>
    links
      .filter((link) => link.source === place)
      .sort((one, other) => other.visits - one.visits)
      .slice(0, most)
      .flatMap(({ target, visits }): [string, number][] => {
        const node = nodes[target];
        return node ? [[name(node), visits]] : [];
      });
  const tell = (place: number) => {
    const node = nodes[place];
    if (!node) return "";
    const said = [words.visits(name(node), count(node.visits), percent(share(node)))];
    if (node.ended) said.push(words.ended(direction, count(node.ended), percent(node.ended / (node.visits || 1))));
    const next = onward(place, 3).map(([to, visits]) => `${to} ${count(visits)} (${percent(visits / (node.visits || 1))})`);
    if (next.length) said.push(words.onward(direction, next.join(", ")));
    return said.join(" ");
  };
  return { name, share, onward, tell };
}
