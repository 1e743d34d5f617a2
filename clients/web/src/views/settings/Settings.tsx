/** What a project is connected with, who may do what, and what is kept. The open tab stands in the address. */
import type { ComponentType } from "preact";
import { go, parameters } from "../../address";
import { Tabs } from "../../kit/Controls";
import { may, session } from "../../session";
import { texts } from "../../texts";
import { Connect } from "./Connect";
import { Keys } from "./Keys";
import { Limits } from "./Limits";
import { Projects } from "./Projects";
import { Rules } from "./Rules";
import { Sharing } from "./Sharing";
import "./settings.css";

const words = texts.settings;
type Tab = keyof typeof words.tabs;

const TABS: Record<Tab, ComponentType> = { connect: Connect, keys: Keys, limits: Limits, sharing: Sharing, rules: Rules, projects: Projects };

export default function Settings() {
  const asked = parameters.value.get("tab") as Tab;
  const tab = asked in TABS ? asked : may("query") ? "connect" : "projects";
  const Shown = TABS[tab];
  return (
    <div class="stack settings">
      <div class="head">
        <h1>{texts.views.settings}</h1>
        <a class="button" href="/reference" target="_blank" rel="noreferrer">{texts.frame.documents}</a>
      </div>
      <Tabs label={texts.views.settings} tabs={Object.entries(words.tabs)} chosen={tab} on={(next) => go("settings", { tab: next })} />
      <Shown key={`${tab} ${session.value?.project?.id ?? ""}`} />
    </div>
  );
}
