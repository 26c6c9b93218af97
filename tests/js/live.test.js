import { ENGLISH } from "../../static/js/viewer/english.js";
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../static/js/viewer/api.js";
import { History } from "../../static/js/viewer/history.js";
import { arrivalText, settled } from "../../static/js/viewer/live/arrivals.js";
import { Keeper, whenText } from "../../static/js/viewer/live/keeper.js";
import { Kept, differences, expire } from "../../static/js/viewer/live/kept.js";
import { NOBODY, Presence } from "../../static/js/viewer/live/presence.js";
import { Saver, canonical } from "../../static/js/viewer/saver.js";
import { translator } from "../../static/js/viewer/strings.js";

const t = translator(ENGLISH);
const settle = () => new Promise((resolve) => setImmediate(resolve));
const DAY = 24 * 3600 * 1000;

function point(id, x = 1) {
  return { id, kind: "point", frame: 0, points: [[x, 1]], label: "" };
}

/** What localStorage is, with as much room as it is told. */
class Store {
  constructor(room = Infinity) {
    this.map = new Map();
    this.room = room;
  }
  get length() {
    return this.map.size;
  }
  key(i) {
    return [...this.map.keys()][i] ?? null;
  }
  getItem(key) {
    return this.map.get(key) ?? null;
  }
  setItem(key, value) {
    if (value.length > this.room) throw new DOMException("full", "QuotaExceededError");
    this.map.set(key, value);
  }
  removeItem(key) {
    this.map.delete(key);
  }
}

function fakeTimers() {
  const waiting = new Map();
  let last = 0;
  return {
    waiting,
    setTimeout: (f, ms) => (waiting.set(++last, { f, ms }), last),
    clearTimeout: (id) => waiting.delete(id),
    delays: () => [...waiting.values()].map(({ ms }) => ms),
    async run() {
      const due = [...waiting.values()];
      waiting.clear();
      for (const { f } of due) f();
      await settle();
      await settle();
    },
  };
}

async function quietly(act) {
  const { warn, debug } = console;
  console.warn = console.debug = () => {};
  try {
    return await act();
  } finally {
    Object.assign(console, { warn, debug });
  }
}

// --- what is kept -------------------------------------------------------------------------------------------

const kept = (store, window = "w1", user = "7", now = () => 1000) => new Kept({ store, user, series: 5, window, now });

test("each window of each person keeps its own, and only that of windows that are gone is taken over", () => {
  const store = new Store();
  kept(store, "old", "7", () => 1).put({ id: 3, revision: 2, shapes: [point("a")] });
  kept(store, "older", "7", () => 0).put({ id: 3, revision: 1, shapes: [] });
  kept(store, "open-2").put({ id: 3, revision: 2, shapes: [] });
  kept(store, "foreign", "77").put({ id: 4, revision: 2, shapes: [] });
  const mine = kept(store, "now");
  mine.put({ id: 3, revision: 2, shapes: [] });
  assert.deepEqual(mine.left(new Set(["open"])).map(({ window }) => window), ["older", "old"]);
  // Another viewer of this window, closed before it could save.
  kept(store, "now-1").put({ id: 3, revision: 2, shapes: [] });
  assert.deepEqual(mine.left(new Set(["open"])).map(({ window }) => window), ["older", "old", "now-1"]);
  kept(store, "now-1").drop();
  mine.drop();
  assert.equal(store.length, 4);
});

test("the time is that of the first change that is not saved", () => {
  const store = new Store();
  let now = 10;
  const one = kept(store, "a", "7", () => now);
  one.put({ id: null, revision: 0, shapes: [] });
  now = 20;
  one.put({ id: null, revision: 0, shapes: [point("a")] });
  const [{ entry }] = kept(store, "b").left(new Set());
  assert.deepEqual([entry.at, entry.changed], [10, 20]);
  one.drop();
  one.put({ id: null, revision: 0, shapes: [] });
  assert.equal(kept(store, "b").left(new Set())[0].entry.at, 20);
});

test("after a week it goes, whosever it is, and so does what cannot be read", () =>
  quietly(() => {
    const store = new Store();
    kept(store, "a", "7", () => 0).put({ id: 1, revision: 1, shapes: [] });
    kept(store, "b", "8", () => 2 * DAY).put({ id: 1, revision: 1, shapes: [] });
    store.setItem("medweb:kept:7:5:c", "{");
    store.setItem("medweb:kept:7:5:d", '{"shapes": 5}');
    store.setItem("medweb:kept:7:5:e", '{"shapes": [{"id": "a"}], "at": 604800000, "changed": 604800000, "revision": 1, "id": 1}');
    store.setItem("medweb:viewer-keys", "{");
    expire(store, 7 * DAY);
    assert.equal(store.length, 3);
    expire(store, 7 * DAY + 1);
    assert.deepEqual([...store.map.keys()], ["medweb:kept:8:5:b", "medweb:viewer-keys"]);
  }));

test("what does not fit leaves nothing older behind", () =>
  quietly(() => {
    const store = new Store(300);
    const one = kept(store);
    assert.equal(one.put({ id: 1, revision: 1, shapes: [point("a")] }), true);
    assert.equal(one.put({ id: 1, revision: 1, shapes: Array.from({ length: 20 }, (_, i) => point(`p${i}`)) }), false);
    assert.equal(store.length, 0);
  }));

test("differences are shapes that came, changed or went", () => {
  assert.equal(differences([point("a"), point("b"), point("c")], [point("a"), point("b", 2), point("d")]), 3);
  assert.equal(differences([point("a")], [point("a")]), 0);
});

test("a time of today is a clock, another has its day", () => {
  const noon = new Date(2026, 10, 23, 12, 40).getTime();
  assert.equal(whenText(noon, noon + 1000, "en-GB"), "12:40");
  assert.match(whenText(noon, noon + DAY, "en-GB"), /23 Nov.*12:40/);
});

// --- kept and saved again -----------------------------------------------------------------------------------

/** A viewer of which only the saving is real, over a server that may be out of reach. */
function viewer(store, server, window = "w1") {
  const timers = fakeTimers();
  const history = new History([]);
  const page = {
    state: { canDraw: true, shapes: [] },
    said: [],
    t,
    set: (patch) => Object.assign(page.state, patch),
    say: (text) => page.said.push(text),
  };
  const conflicts = [];
  const saver = new Saver({ api: server, series: 5, timers, onState: () => {}, onConflict: (theirs) => conflicts.push(theirs), onSaved: () => {} });
  if (server.mine) {
    saver.load(server.mine);
    history.reset(server.mine.shapes);
    page.set({ shapes: server.mine.shapes });
  }
  const noon = new Date(2026, 10, 23, 12, 40).getTime();
  const keeper = new Keeper({ kept: kept(store, window, "7", () => noon), saver, page, history, isBusy: () => false, now: () => noon, language: "en-GB" });
  return { timers, history, page, conflicts, saver, keeper, kept: keeper.kept };
}

function server(mine = null) {
  const found = {
    mine,
    away: false,
    async write(revision, shapes) {
      if (found.away) throw new ApiError("no connection", 0);
      if (found.mine && revision !== found.mine.revision) throw new ApiError("stale", 409, { current: { ...found.mine } });
      found.mine = { id: 9, revision: revision + 1, shapes, layer: "mine", status: "draft" };
      return { ...found.mine };
    },
    create: (_series, shapes) => found.write(0, shapes),
    update: (_id, revision, shapes) => found.write(revision, shapes),
    submit: () => Promise.reject(new Error("not here")),
    annotations: async () => {
      if (found.away) throw new ApiError("no connection", 0);
      return found.mine ? [found.mine] : [];
    },
  };
  return found;
}

test("what is drawn is kept until it is saved", async () => {
  const [store, far] = [new Store(), server()];
  const one = viewer(store, far);
  one.saver.changed([point("a")]);
  assert.equal(store.length, 1);
  assert.equal(one.keeper.safe, true);
  await one.timers.run();
  assert.equal(store.length, 0);
  assert.deepEqual(one.page.said, [], "an ordinary save says nothing");
});

test("a lost connection that comes back saves and says so", async () => {
  const [store, far] = [new Store(), server({ id: 9, revision: 1, shapes: [point("a")], layer: "mine" })];
  const one = viewer(store, far);
  far.away = true;
  one.saver.changed([point("a", 2), point("b"), point("c")]);
  await one.timers.run();
  assert.equal(one.saver.state, "retrying");
  assert.equal(store.length, 1);
  far.away = false;
  one.saver.retryNow();
  await one.timers.run();
  assert.equal(far.mine.revision, 2);
  assert.equal(store.length, 0);
  assert.deepEqual(one.page.said, ["3 changes from 12:40 were saved."]);
});

test("a closed window's drawing is saved by the next one, as a step that undo takes back", async () => {
  const [store, far] = [new Store(), server({ id: 9, revision: 1, shapes: [point("a")], layer: "mine" })];
  far.away = true;
  const gone = viewer(store, far, "w1");
  gone.saver.changed([point("a"), point("b")]);
  await gone.timers.run();
  far.away = false;
  const next = viewer(store, far, "w2");
  next.keeper.replay(next.kept.left(new Set()));
  await settle();
  assert.equal(canonical(far.mine.shapes), canonical([point("a"), point("b")]));
  assert.deepEqual(next.page.said, ["1 change from 12:40 was saved."]);
  assert.equal(next.page.state.shapes.length, 2);
  assert.equal(store.length, 0);
  assert.equal(next.history.undo().length, 1);
});

test("over a newer revision the person is asked, and nothing is written before", async () => {
  const [store, far] = [new Store(), server({ id: 9, revision: 1, shapes: [], layer: "mine" })];
  far.away = true;
  viewer(store, far, "w1").saver.changed([point("mine")]);
  far.away = false;
  far.mine = { id: 9, revision: 2, shapes: [point("theirs")], layer: "mine" };
  const next = viewer(store, far, "w2");
  next.keeper.replay(next.kept.left(new Set()));
  await settle();
  assert.deepEqual(next.conflicts, [[point("theirs")]]);
  assert.equal(far.mine.revision, 2);
  // Closed before the answer, it is asked again: the entry does not name the revision that is there.
  const third = viewer(store, far, "w3");
  third.keeper.replay(third.kept.left(new Set()));
  assert.deepEqual(third.conflicts, [[point("theirs")]]);
  third.saver.resolve([point("theirs"), point("mine")]);
  await third.timers.run();
  assert.equal(far.mine.shapes.length, 2);
  assert.equal(store.length, 0);
  assert.deepEqual(third.page.said, []);
});

test("what arrived although its answer did not is dropped without a word", async () => {
  const [store, far] = [new Store(), server({ id: 9, revision: 1, shapes: [], layer: "mine" })];
  viewer(store, far, "w1").saver.changed([point("a")]);
  far.mine = { id: 9, revision: 2, shapes: [point("a")], layer: "mine" };
  const next = viewer(store, far, "w2");
  next.keeper.replay(next.kept.left(new Set()));
  await settle();
  assert.equal(store.length, 0);
  assert.deepEqual([next.conflicts, next.page.said, far.mine.revision], [[], [], 2]);
});

test("two windows that closed are saved one after the other, and neither is lost", async () => {
  const [store, far] = [new Store(), server({ id: 9, revision: 1, shapes: [], layer: "mine" })];
  viewer(store, far, "w1").saver.changed([point("a")]);
  viewer(store, far, "w2").saver.changed([point("b")]);
  const next = viewer(store, far, "w3");
  next.keeper.replay(next.kept.left(new Set()));
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(canonical(far.mine.shapes), canonical([point("a")]));
  assert.equal(next.conflicts.length, 1);
  assert.equal(canonical(next.page.state.shapes), canonical([point("b")]));
});

test("where one may not draw any more, it waits", () => {
  const [store, far] = [new Store(), server()];
  viewer(store, far, "w1").saver.changed([point("a")]);
  const next = viewer(store, far, "w2");
  next.page.state.canDraw = false;
  next.keeper.replay(next.kept.left(new Set()));
  assert.equal(store.length, 1);
  assert.equal(far.mine, null);
});

test("after signing out nothing is written again", () => {
  const [store, far] = [new Store(), server()];
  const one = viewer(store, far);
  one.keeper.stop();
  one.saver.changed([point("a")]);
  assert.equal(store.length, 0);
  assert.equal(one.keeper.safe, false);
});

// --- shapes of others ---------------------------------------------------------------------------------------

test("what is the same stays the same object; what is new or changed is told", () => {
  const by = (shape, author) => ({ ...shape, author });
  const before = [by(point("a"), "Ann"), by(point("b"), "Ann")];
  const { shapes, arrived } = settled(before, [by(point("a"), "Ann"), by(point("b", 2), "Ann"), by(point("c"), "Bob")]);
  assert.equal(shapes[0], before[0]);
  assert.deepEqual(arrived.map(({ id }) => id), ["b", "c"]);
  assert.equal(arrivalText(arrived, t), "1 new shape of Ann. 1 new shape of Bob.");
  assert.equal(arrivalText([...arrived, by(point("d"), "Bob")], t), "1 new shape of Ann. 2 new shapes of Bob.");
  assert.equal(arrivalText([...arrived, by(point("d"), "Cy")], t), "3 new shapes of 3 people.");
});

// --- who is here --------------------------------------------------------------------------------------------

function present(answers, options = {}) {
  const timers = fakeTimers();
  const calls = [];
  const seen = [];
  const presence = new Presence({
    url: "/api/cases/1/presence/",
    window: "0a1b2c3d",
    token: () => "TOKEN",
    isVisible: () => options.visible ?? true,
    onPresent: (found) => seen.push(found),
    timers,
    random: () => 0,
    fetch: async (url, init) => {
      calls.push([init.method, url, init.headers["X-CSRFToken"], init.keepalive ?? false]);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer ?? Response.json(NOBODY);
    },
  });
  return { presence, timers, calls, seen };
}

test("says so every twenty seconds, sooner when somebody came, and when it closes", async () => {
  const { presence, timers, calls, seen } = present([Response.json({ ...NOBODY, windows: 1 })]);
  await presence.beat();
  assert.deepEqual(timers.delays(), [20_000]);
  assert.equal(seen[0].windows, 1);
  presence.nudge();
  presence.nudge();
  assert.deepEqual(timers.delays(), [100]);
  await timers.run();
  assert.deepEqual(timers.delays(), [20_000]);
  presence.leave();
  assert.deepEqual(timers.delays(), []);
  const url = "/api/cases/1/presence/";
  assert.deepEqual(calls, [
    ["POST", url, "TOKEN", false],
    ["POST", url, "TOKEN", false],
    ["DELETE", `${url}?window=0a1b2c3d`, "TOKEN", true],
  ]);
});

test("a window that nobody sees is silent, and speaks again when it is seen", async () => {
  const options = { visible: false };
  const { presence, calls, timers } = present([], options);
  await presence.beat();
  presence.nudge();
  await timers.run();
  assert.deepEqual(calls, []);
  options.visible = true;
  presence.nudge();
  await timers.run();
  assert.equal(calls.length, 1);
});

test("in a crowd it waits longer for the next news", async () => {
  const { presence, timers } = present([Response.json({ ...NOBODY, more: 290 })]);
  await presence.beat();
  presence.nudge();
  assert.deepEqual(timers.delays(), [5000]);
});

test("where it is off or forbidden it never asks again", async () => {
  const off = present([Response.json({ ...NOBODY, beat_seconds: 0 })]);
  await off.presence.beat();
  off.presence.nudge();
  await off.timers.run();
  assert.equal(off.calls.length, 1);
  const out = present([new Response("", { status: 403 })]);
  await out.presence.beat();
  assert.deepEqual(out.timers.delays(), []);
  assert.deepEqual(out.seen, [NOBODY]);
});

test("lost answers are waited out, and after three nobody is shown", () =>
  quietly(async () => {
    const { presence, timers, seen } = present([new TypeError("offline"), new Response("", { status: 429 }), new Response("", { status: 500 })]);
    await presence.beat();
    await timers.run();
    assert.deepEqual(seen, []);
    await timers.run();
    assert.deepEqual(seen, [NOBODY]);
    assert.deepEqual(timers.delays(), [20_000]);
  }));
