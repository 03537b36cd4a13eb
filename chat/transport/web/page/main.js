// @ts-check
/// <reference lib="dom" />
/**
 * The page of the room: brings the session, its connection and the views together.
 *
 * @module
 */
import { Composer } from "./composer.js";
import { byEvents, bySocket, isReachable } from "./connections.js";
import { byId, dialogById, fieldById, setText } from "./dom.js";
import { Link } from "./link.js";
import { fitHeight, LogView } from "./log_view.js";
import { Panel } from "./panel.js";
import { newKey, randomText, rememberedName, rememberName, savedSession, saveSession, Tabs } from "./seat.js";
import { Session } from "./session.js";

/** @typedef {import("./session.js").Change} Change */

const TITLE = document.title;
const tabs = new Tabs();
const log = new LogView();
const panel = new Panel((name) => composer.write(`/msg ${name} `));
const composer = new Composer({ send, names: () => [...session.roster.names].filter((name) => name !== session.name) });
const link = new Link({
  ...{ socket: bySocket(() => session), events: byEvents(() => session), isReachable },
  ...{ probe: () => session.probe(), line: take, changed: showState, random: Math.random },
  time: {
    now: Date.now,
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  },
});
let session = newSession(rememberedName());
let unread = 0;
/** @type {string | null} Why the session has ended. */
let ending = null;

/** @param {string} name */
function newSession(name) {
  const made = new Session({
    key: newKey(),
    prefix: randomText(6),
    name,
    maxLine: Number(document.body.dataset.maxLine),
  });
  tabs.hold(made.key);
  return made;
}

/**
 * @param {string} line
 * @returns {string | null}
 */
function send(line) {
  const problem = session.outgoing.write(line);
  if (problem !== null) return problem;
  if (link.state === "connected") link.send(session.outgoing.send());
  showWaiting();
  log.toEnd();
  return null;
}

/** @param {string} raw */
function take(raw) {
  for (const change of session.take(raw, Date.now())) show(change);
}

/** @param {Change} change */
function show(change) {
  const { what } = change;
  if (what === "line") showLine(change.line);
  else if (what === "waiting") showWaiting();
  else if (what === "send") link.send(change.lines);
  else if (what === "numbered") link.opened();
  else if (what === "live") log.live = true;
  else if (what === "refused") end(`The server has ended this: ${change.reason}`);
  else if (what === "left") end("You have left.");
  else if (what === "unnamed") askName(`You are ${session.name} for now: ${change.reason}.`);
  else showMembers();
}

/** @param {import("./lines.js").Shown} line */
function showLine(line) {
  byId("empty").hidden = true;
  log.add(line);
  if (!document.hidden || line.own || line.kind === "notice") return;
  document.title = `(${++unread}) ${TITLE}`;
}

function showMembers() {
  panel.show(session.roster.names, session.name);
  setText(byId("own-name"), session.name);
  if (session.roster.names.has(session.name) && session.wantedName !== null) rememberName(session.name);
}

function showWaiting() {
  log.showWaiting(session.outgoing.waiting, {
    isConnected: link.state === "connected",
    again: (id) => {
      const problem = send(session.outgoing.discard(id));
      if (problem !== null) composer.tell(problem);
    },
    discard: (id) => {
      session.outgoing.discard(id);
      showWaiting();
    },
  });
}

function showState() {
  const { state, usesEvents } = link;
  if (state === "connecting") {
    log.live = false;
    // Another attempt is no news.
    if (document.body.dataset.state === "waiting") return;
  }
  document.body.dataset.state = state;
  const via = usesEvents ? " without WebSocket: at most 6 tabs" : "";
  const texts = {
    connecting: "connecting…",
    connected: `connected${via}`,
    waiting: "offline: lines wait here",
    stopped: ending === null ? "not connected" : "ended",
  };
  setText(byId("state"), texts[state]);
  showWaiting();
}

/** @param {string} why */
function end(why) {
  ending = why;
  link.stop();
  saveSession(null);
  panel.close();
  composer.disabled = true;
  setText(byId("why"), why);
  byId("ended").hidden = false;
  byId("again").focus();
}

/** Joins with a new session at the same place. The server knows the ids of the old one no more: what waits is for the member to send. */
function joinAgain() {
  if (session.name === "") return askName("");
  const saved = session.save();
  session = newSession(session.name);
  const waiting = saved.waiting.filter(({ text }) => !/^\s*(?:\/quit|exit)\s*$/i.test(text));
  for (const line of waiting) line.reason ??= "you were out of the room";
  session.restore({ ...saved, waiting });
  goOn();
}

/** Connects, and has the member write. */
function goOn() {
  ending = null;
  byId("ended").hidden = true;
  composer.disabled = false;
  link.start();
  composer.resume();
}

/** @param {string} reason */
function askName(reason) {
  const field = fieldById("name");
  field.value = reason === "" ? session.name : "";
  setText(byId("name-problem"), reason);
  const isHere = link.state !== "stopped";
  setText(byId("take-name"), isHere ? "Use this name" : "Join the room");
  setText(byId("keep-name"), `Stay ${session.name}`);
  byId("keep-name").hidden = !isHere;
  const dialog = dialogById("naming");
  if (!dialog.open) dialog.showModal();
  field.focus();
}

/** @param {SubmitEvent} event */
function takeName(event) {
  event.preventDefault();
  const name = fieldById("name").value.trim();
  if (name === "") return setText(byId("name-problem"), "A name has at least one character.");
  if (/\s/.test(name)) return setText(byId("name-problem"), "A name is one word.");
  dialogById("naming").close();
  if (link.state === "stopped") {
    session.name = name;
    rememberName(name);
    return goOn();
  }
  if (name !== session.name) send(`/nick ${name}`);
}

/** Goes on with the session that this tab had, unless another tab has it. */
async function begin() {
  const saved = savedSession();
  if (saved !== null && !await tabs.isTaken(saved.key)) {
    session.key = saved.key;
    session.restore(saved);
    for (const line of saved.lines) showLine(line);
    log.toEnd();
    saveSeat();
  }
  showState();
  if (session.name === "") return askName("");
  link.start();
  byId("input").focus();
}

/** Keeps what the next page in this tab needs. */
function save() {
  saveSession(ending === null ? session.save() : null);
}

/** Should this page crash, what waits now may long have been said by then, and the server may have forgotten under which id. */
function saveSeat() {
  saveSession({ ...session.save(), waiting: [] });
}

/** While this tab slept, a copy of it may have taken its seat. */
async function wake() {
  if (document.hidden) return save();
  unread = 0;
  document.title = TITLE;
  if (link.state === "stopped") return;
  saveSeat();
  if (await tabs.isTaken(session.key)) {
    session.key = newKey();
    tabs.hold(session.key);
  }
  link.check();
}

visualViewport?.addEventListener("resize", fitHeight);
byId("name-form").addEventListener("submit", takeName);
dialogById("naming").addEventListener("close", () => {
  if (session.name === "") end("You have not joined yet.");
  else composer.resume();
});
byId("rename").addEventListener("click", () => {
  panel.close();
  askName("");
});
byId("keep-name").addEventListener("click", () => dialogById("naming").close());
byId("leave").addEventListener("click", () => send("/quit"));
byId("again").addEventListener("click", joinAgain);
document.addEventListener("visibilitychange", wake);
addEventListener("pagehide", save);
for (const event of ["pageshow", "online"]) addEventListener(event, wake);
document.addEventListener("resume", wake);
begin();
