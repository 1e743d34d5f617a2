/** People: who they are, and what one of them did. */
import { parameters } from "../../address";
import { EventDialog } from "../events/EventDialog";
import { People } from "./People";
import { Person } from "./Person";
import "./users.css";
import { who } from "./who";

export default function Users() {
  const open = who(parameters.value);
  return (
    <div class="stack">
      {open ? <Person key={`${open.kind} ${open.id}`} open={open} /> : <People />}
      <EventDialog />
    </div>
  );
}
