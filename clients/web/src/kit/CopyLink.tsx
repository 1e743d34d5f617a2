/** Takes the address of the open report away, also of one that was proposed and does not stand in the address bar yet. */
import { link } from "../address";
import { texts } from "../texts";
import { Copy } from "./Controls";

export function CopyLink({ view, own }: { view: string; own: Record<string, string> }) {
  const asked = Object.fromEntries(Object.entries(own).filter(([, value]) => value));
  return <Copy text={`${location.origin}${link(view, asked)}`} label={texts.copy.link} />;
}
