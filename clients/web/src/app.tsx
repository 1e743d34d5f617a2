/** The frame around all views: who is signed in, where one can go. A view's code is fetched when it is opened. */
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { go, link, view } from "./address";
import { icons, type IconName } from "./kit/icons";
import mark from "./mark.svg";
import { load, may, session, signOut } from "./session";
import { texts } from "./texts";
import { choose, theme, type Theme } from "./theme";
import { Select } from "./kit/Controls";
import { Problem, Skeleton } from "./kit/Card";
import { ApiError } from "./api";
import { SignIn } from "./views/SignIn";

type Loaded = Promise<{ default: ComponentType }>;

/** Every view: what of the session opens it, and its code. A share link opens what only shows sums. */
const VIEWS: Record<IconName, { shared?: boolean; admin?: boolean; load: () => Loaded }> = {
  overview: { shared: true, load: () => import("./views/overview/Overview") },
  events: { load: () => import("./views/events/Events") },
  funnel: { shared: true, load: () => import("./views/funnel/Funnel") },
  retention: { shared: true, load: () => import("./views/retention/Retention") },
  paths: { shared: true, load: () => import("./views/paths/Paths") },
  users: { load: () => import("./views/users/Users") },
  rejected: { load: () => import("./views/rejected/Rejected") },
  pipeline: { admin: true, load: () => import("./views/pipeline/Pipeline") },
  settings: { admin: true, load: () => import("./views/settings/Settings") },
};

export function App() {
  const [error, setError] = useState<ApiError>();
  const enter = () => void load().then(() => setError(undefined), (why: unknown) => setError(why instanceof ApiError ? why : new ApiError(0, String(why))));
  useEffect(enter, []);
  if (error && !session.value) return <main class="page"><Problem error={error} again={enter} /></main>;
  if (!session.value) return null;
  if (!session.value.signed_in || view.value === "share") return <SignIn />;
  return <Frame />;
}

function Frame() {
  const name = opened();
  return (
    <div class="frame" onClick={follow}>
      <a class="skip" href="#content">{texts.skip}</a>
      <Rail name={name} />
      <main class="page" id="content" tabIndex={-1}>
        <View key={name} name={name} />
      </main>
    </div>
  );
}

/** Without a project only what an admin key opens has something to show. */
function allowed(name: IconName): boolean {
  const { shared, admin } = VIEWS[name];
  if (session.value?.shared) return shared === true;
  return may("query") || (admin === true && may("admin"));
}

function opened(): IconName {
  const asked = view.value as IconName;
  if (asked in VIEWS && allowed(asked)) return asked;
  return allowed("overview") ? "overview" : "settings";
}

function Rail({ name }: { name: IconName }) {
  const project = session.value?.project;
  const here = useRef<HTMLAnchorElement>(null);
  useEffect(() => here.current?.scrollIntoView({ block: "nearest", inline: "center" }), [name]);
  return (
    <header class="rail">
      <a class="brand" href={link("overview")} aria-label={project?.name || project?.id || texts.brand}>
        <img src={mark} alt="" />
        <span>{project?.name || project?.id || texts.brand}</span>
      </a>
      <nav aria-label={texts.frame.navigation}>
        {(Object.keys(VIEWS) as IconName[]).filter(allowed).map((one) => (
          <a key={one} ref={one === name ? here : undefined} href={link(one)} aria-current={one === name ? "page" : undefined}>
            {icons[one]}
            {texts.views[one]}
          </a>
        ))}
      </nav>
      <div class="foot">
        {session.value?.shared && <span class="badge">{texts.frame.readOnly}</span>}
        <span class="wide">
          <Select label={texts.frame.theme} value={theme.value} options={Object.entries(texts.frame.themes)} on={(next) => choose(next as Theme)} />
        </span>
        <button type="button" class="button bare" onClick={() => void signOut()}>{texts.frame.signOut}</button>
      </div>
    </header>
  );
}

function View({ name }: { name: IconName }) {
  const [Found, set] = useState<ComponentType>();
  const [failed, fail] = useState(false);
  useEffect(() => {
    document.title = `${texts.views[name]} · ${texts.brand}`;
    VIEWS[name].load().then((module) => set(() => module.default), () => fail(true));
  }, [name]);
  if (failed) return <Problem error={new ApiError(0, texts.problem.lost)} />;
  return Found ? <Found /> : <Skeleton lines={10} />;
}

/** Links inside the page open without loading it anew; those with a modifier key, a target or a file do what they say. */
function follow(event: MouseEvent): void {
  const anchor = event.target instanceof Element ? event.target.closest("a") : null;
  if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || anchor.target) return;
  if (anchor.origin !== location.origin || !anchor.pathname.startsWith("/app/") || anchor.hash) return;
  event.preventDefault();
  go(anchor.pathname.slice("/app/".length), Object.fromEntries(new URLSearchParams(anchor.search)));
}
