/* ---- The two columns that stand in the page ---- */

import { makeColumn } from "./column.js";
import { $ } from "./dom.js";

export const columns = { channel: makeColumn($("channel"), "channel"), thread: makeColumn($("thread"), "thread") };
