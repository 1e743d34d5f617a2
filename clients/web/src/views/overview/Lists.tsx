/** The usual lists. Each card asks for the list that is open in it, and for no other. */
import { useState } from "preact/hooks";
import { useAnswer } from "../../answer";
import { get } from "../../api";
import { BarList } from "../../kit/BarList";
import { Card, Settled } from "../../kit/Card";
import { Tabs } from "../../kit/Controls";
import { asParameters, holds, toggle } from "../../question";
import { texts } from "../../texts";
import "./overview.css";

type ListName = keyof typeof texts.overview.lists;

interface Entry {
  value: string;
  visitors: number;
}

const words = texts.overview;
/** Each list, and the dimension by which a click on it filters. */
const DIMENSIONS: Record<ListName, string> = {
  pages: "page",
  entry_pages: "entry_page",
  exit_pages: "exit_page",
  sources: "source",
  channels: "channel",
  countries: "country",
  devices: "device_type",
  browsers: "browser",
  events: "event",
};
const CARDS: ListName[][] = [["pages", "entry_pages", "exit_pages"], ["sources", "channels"], ["countries"], ["devices", "browsers"], ["events"]];
const regions = new Intl.DisplayNames("en", { type: "region" });

export function Lists() {
  return (
    <div class="lists">
      {CARDS.map((lists) => (
        <ListCard key={lists[0]} lists={lists} />
      ))}
    </div>
  );
}

function ListCard({ lists }: { lists: ListName[] }) {
  const [list, choose] = useState<ListName>(lists[0] as ListName);
  const parameters = { ...asParameters(), lists: list, limit: "10" };
  const asked = useAnswer(JSON.stringify(parameters), async (signal) => (await get<{ lists: Record<string, Entry[]> }>("/api/v1/reports/top", parameters, signal)).data.lists[list] ?? []);
  const tabs = lists.map((one) => [one, words.lists[one]] as const);
  const title = words.groups[lists[0] as keyof typeof words.groups];
  return (
    <Card title={title} busy={asked.busy} actions={lists.length > 1 && <Tabs label={title} tabs={tabs} chosen={list} on={(next) => choose(next as ListName)} />}>
      <Settled asked={asked} lines={7}>
        {(entries) => (
          <BarList
            name={words.lists[list]}
            unit={words.unit}
            bars={entries.map((entry) => ({ value: entry.value, label: named(list, entry.value), amount: entry.visitors }))}
            picked={(value) => holds(DIMENSIONS[list], value)}
            pick={(value) => toggle(DIMENSIONS[list], value)}
          />
        )}
      </Settled>
    </Card>
  );
}

function named(list: ListName, value: string): string {
  if (list === "sources" && !value) return words.direct;
  if (list !== "countries" || !/^[A-Z]{2}$/.test(value)) return value;
  return regions.of(value) ?? value;
}
