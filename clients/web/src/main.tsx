/** Where the page begins. */
import { render } from "preact";
import { App } from "./app";
import "./theme.css";
import "./kit/kit.css";
import { applyTheme } from "./theme";

applyTheme();
const root = document.getElementById("app");
if (root) render(<App />, root);
