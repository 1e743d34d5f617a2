/** The properties of the events of one name: types, in how many they are, how many different values. */
import { ask } from "../../address";
import { compact, count, percent } from "../../figures";
import { Card, Empty, Settled } from "../../kit/Card";
import { Table } from "../../kit/Table";
import { texts } from "../../texts";
import { type PropertyFound, useExplorer } from "./explored";
import { Warnings } from "./Warnings";

const words = texts.events.explorer;

export function Properties({ name, chosen }: { name: string; chosen: string }) {
  const asked = useExplorer({ event: name });
  const columns = [
    { name: words.property, show: (one: PropertyFound) => <span class="mono">{one.property}</span>, clip: true },
    { name: words.types, show: (one: PropertyFound) => <Types property={one} /> },
    { name: words.values, show: (one: PropertyFound) => <span title={count(one.values)}>{compact(one.values)}</span>, number: true },
    { name: words.present, show: (one: PropertyFound) => <Share property={one} />, number: true },
  ];
  return (
    <Card flush title={words.properties(name)} busy={asked.busy}>
      <Settled asked={asked} lines={5}>
        {({ data, meta }) => (
          <>
            <Warnings meta={meta} />
            {data.properties.length ? (
              <Table
                label={words.properties(name)} columns={columns} rows={data.properties} id={(one) => one.property} chosen={chosen}
                open={(one) => ask({ property: one.property === chosen ? "" : one.property })}
              />
            ) : (
              <Empty title={texts.none.title}>{data.count ? words.none : texts.none.inSpan}</Empty>
            )}
          </>
        )}
      </Settled>
    </Card>
  );
}

/** With counts only where there are several. */
export function Types({ property }: { property: PropertyFound }) {
  const several = property.types.length > 1;
  return (
    <span class="row types">
      {property.types.map((one) => (
        <span key={one.type} class="badge" title={count(one.events)}>
          {one.type}
          {several && ` ${percent(one.events / property.events)}`}
        </span>
      ))}
    </span>
  );
}

function Share({ property }: { property: PropertyFound }) {
  return (
    <span class="share" title={count(property.events)}>
      <meter min={0} max={1} value={property.share ?? 0} aria-label={words.present} />
      {percent(property.share)}
    </span>
  );
}
