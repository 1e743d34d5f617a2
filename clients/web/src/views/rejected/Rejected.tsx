/** The workbench: what was acknowledged and could not be stored, by cause; and events that are not as their schemas want. */
import { ask, parameters } from "../../address";
import { Tabs } from "../../kit/Controls";
import { texts } from "../../texts";
import { EventDialog } from "../events/EventDialog";
import { Causes } from "./Causes";
import "./rejected.css";
import { Violations } from "./Violations";

const words = texts.rejected;

export default function Rejected() {
  const tab = parameters.value.get("tab") === "violations" ? "violations" : "causes";
  return (
    <div class="stack">
      <div class="head">
        <h1>{texts.views.rejected}</h1>
      </div>
      <div class="row">
        <Tabs label={words.tabsLabel} tabs={Object.entries(words.tabs)} chosen={tab} on={(next) => ask({ tab: next === "causes" ? "" : next, open: "" })} />
      </div>
      <p class="soft rejected-lead">{tab === "causes" ? words.lead : words.violations.lead}</p>
      {tab === "causes" ? <Causes /> : <Violations />}
      <EventDialog />
    </div>
  );
}
