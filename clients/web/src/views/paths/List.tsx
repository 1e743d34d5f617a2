/** The same as the drawing, as a table. */
import { count, percent } from "../../figures";
import { Table, type Column } from "../../kit/Table";
import { texts } from "../../texts";
import type { Node } from "./flow";
import type { PathsFound, Story } from "./told";

const words = texts.paths;

export function List({ found, story }: { found: PathsFound; story: Story }) {
  const { nodes, direction } = found;
  const columns: Column<[Node, number]>[] = [
    { name: words.step, number: true, show: ([node]) => node.step },
    { name: words.what, clip: true, show: ([node]) => <span title={story.name(node)}>{story.name(node)}{node.kind === "event" && <span class="badge kind">{words.event}</span>}</span> },
    { name: words.visitsColumn, number: true, show: ([node]) => count(node.visits) },
    { name: words.share, number: true, show: ([node]) => percent(story.share(node)) },
    { name: words.ends(direction), number: true, show: ([node]) => (node.ended === null ? "" : count(node.ended)) },
    { name: words.leads(direction), show: ([, place]) => <span class="onward">{story.onward(place, 3).map(([name, visits]) => `${name} ${count(visits)}`).join(", ")}</span> },
  ];
  return <Table label={words.table} columns={columns} rows={nodes.map((node, place): [Node, number] => [node, place])} id={([, place]) => String(place)} />;
}
