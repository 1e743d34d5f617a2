/** Events one by one: as they come, and what there is. Each leads to its path. */
import { ask, parameters } from "../../address";
import { Asked, Filters } from "../../kit/Asked";
import { Tabs } from "../../kit/Controls";
import { texts } from "../../texts";
import { EventDialog } from "./EventDialog";
import "./events.css";
import { Explorer } from "./Explorer";
import { Find } from "./Find";
import { Live } from "./Live";

const words = texts.events;

export default function Events() {
  const tab = parameters.value.get("tab") === "explorer" ? "explorer" : "live";
  return (
    <div class="stack">
      <div class="head">
        <h1>{texts.views.events}</h1>
        <Asked compare={false} timed={tab === "explorer"} />
      </div>
      <div class="row spread">
        <Tabs label={words.tabsLabel} tabs={Object.entries(words.tabs)} chosen={tab} on={(next) => ask({ tab: next === "live" ? "" : next, property: "" })} />
        <Find />
      </div>
      <Filters />
      {tab === "live" ? <Live /> : <Explorer />}
      <EventDialog />
    </div>
  );
}
