/** The values of a property: the most frequent ones, and of its numbers least, greatest and mean. A click filters. */
import { count } from "../../figures";
import { BarList } from "../../kit/BarList";
import { Card, Settled } from "../../kit/Card";
import { holds, toggle } from "../../question";
import { texts } from "../../texts";
import { type PropertyDescribed, useExplorer } from "./explored";
import { Types } from "./Properties";

const words = texts.events.explorer;
const MOST = 12;

export function Values({ name, property }: { name: string; property: string }) {
  const asked = useExplorer({ event: name, property, limit: String(MOST) });
  return (
    <Card title={words.valuesOf(property)} busy={asked.busy} actions={asked.data?.data.property && <Types property={asked.data.data.property} />}>
      <Settled asked={asked} lines={6}>{({ data }) => data.property && <Described property={data.property} dimension={`properties.${property}`} />}</Settled>
    </Card>
  );
}

function Described({ property, dimension }: { property: PropertyDescribed; dimension: string }) {
  return (
    <div class="stack">
      {property.mean !== null && <Numbers property={property} />}
      <BarList
        name={words.pick}
        unit={words.events}
        bars={property.top.map((one) => ({ value: one.value, label: one.value, amount: one.events }))}
        picked={(value) => holds(dimension, value)}
        pick={(value) => toggle(dimension, value)}
      />
      {property.values > property.top.length && <p class="soft small">{words.more(count(property.top.length), count(property.values))}</p>}
    </div>
  );
}

function Numbers({ property }: { property: PropertyDescribed }) {
  return (
    <dl class="numbers">
      {(["min", "mean", "max"] as const).map((one) => (
        <div key={one}>
          <dt>{words.numbers[one]}</dt>
          <dd class="number">{count(property[one])}</dd>
        </div>
      ))}
    </dl>
  );
}
