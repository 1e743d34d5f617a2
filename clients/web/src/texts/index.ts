/** Every word of the page, in English: a file for each view, one for what several ask, one for the frame. A second language is a second folder of this shape. */

import { asked, picker } from "./asked";
import { events } from "./events";
import { frame } from "./frame";
import { funnel } from "./funnel";
import { overview } from "./overview";
import { paths } from "./paths";
import { pipeline } from "./pipeline";
import { rejected } from "./rejected";
import { retention } from "./retention";
import { settings } from "./settings";
import { users } from "./users";

export const texts = { ...frame, asked, picker, overview, pipeline, events, users, settings, rejected, funnel, retention, paths };
