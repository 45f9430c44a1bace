/* ---- What is each platform's own. Everything else asks here, and never which platform it is. ---- */

import { counted } from "./column.js";
import { decodeEntities, mentionText } from "./inline.js";
import { isDirect } from "./names.js";
import { state } from "./state.js";
import { addressesInBrackets, escapeText, outsideCode, spokenChannels, spokenNames } from "./typed.js";

const FORMS = {
  slack: {
    encode: (text, name) => outsideCode(text, escapeText, (prose) => addressesInBrackets(spokenNames(escapeText(prose), name))),
    decode: (text, name) => decodeEntities(text.replace(/<([@#!])([^<>|]+)(?:\|([^<>]*))?>/g, (_, sign, id, label) => mentionText(sign, id, label, name)).replace(/<([^<>|\s]+)(?:\|[^<>]*)?>/g, "$1")),
    wide: { channel: "<!channel>", here: "<!here>", everyone: "<!everyone>" },
    completions: ["commands", "people"],
    startsThreads: () => true,
    startThread: ["reply", "Reply in a thread"],
    replies: false,
    broadcasts: true,
    threadNames: false,
    counted: (number) => counted(number, "reply", "replies"),
    recording: "audio_message",
    voiceAlone: false,
    unheard: "is not in this channel, so it neither hears nor answers",
    uninvited: "Nobody has invited it.",
    home: true,
  },
  discord: {
    encode: (text, name) => outsideCode(text, (code) => code, (prose) => spokenChannels(spokenNames(prose, name), name)),
    decode: (text, name) => text.replace(/<(@&|@!?|#)(\d+)>/g, (_, sign, id) => mentionText(sign.replace("!", ""), id, null, name)),
    wide: {},
    completions: ["commands", "people", "channels"],
    startsThreads: (channel) => !isDirect(channel),
    startThread: ["thread", "Start a thread"],
    replies: true,
    broadcasts: false,
    threadNames: true,
    counted: (number) => counted(number, "message", "messages"),
    recording: "voice-message",
    voiceAlone: true,
    unheard: "may not see this channel, so it neither hears nor answers",
    home: false,
    uninvited: "Its role does not let it see this channel.",
  },
};

export const form = (name = state.place.platform) => FORMS[name];
