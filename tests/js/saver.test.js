import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, createApi } from "../../static/js/viewer/api.js";
import { Saver, canonical, mergeBoth } from "../../static/js/viewer/saver.js";

const settle = () => new Promise((resolve) => setImmediate(resolve));

function point(id, x = 1) {
  return { id, kind: "point", frame: 0, points: [[x, 1]], label: "" };
}

/** A server with one annotation, that fails the way it is told to. */
class Server {
  constructor() {
    this.mine = null;
    this.fail = [];
    this.calls = [];
  }

  async answer(name, act) {
    this.calls.push(name);
    const how = this.fail.shift();
    if (how?.lost) act();
    if (how) throw how.error;
    return act();
  }

  create = (_series, shapes) =>
    this.answer("create", () => {
      if (this.mine) throw new ApiError("there is one", 409, { code: "exists" });
      this.mine = { id: 7, layer: "mine", status: "draft", revision: 1, shapes };
      return { ...this.mine };
    });

  update = (_id, revision, shapes) =>
    this.answer("update", () => {
      if (revision !== this.mine.revision) {
        throw new ApiError("stale", 409, { code: "stale-revision", current: { revision: this.mine.revision, shapes: this.mine.shapes } });
      }
      this.mine = { ...this.mine, revision: revision + 1, shapes };
      return { ...this.mine };
    });

  submit = (_id, revision) =>
    this.answer("submit", () => {
      this.mine = { ...this.mine, status: "submitted", revision: revision + 1 };
      return { ...this.mine };
    });

  annotations = () => this.answer("list", () => (this.mine ? [{ ...this.mine }] : []));
}

function setup() {
  const server = new Server();
  const timers = { next: null, ms: [], setTimeout: (f, ms) => ((timers.next = f), timers.ms.push(ms), 1), clearTimeout: () => (timers.next = null) };
  const states = [];
  const conflicts = [];
  const saver = new Saver({
    api: server,
    series: 5,
    timers,
    onState: (state, message) => states.push(message ? `${state}: ${message}` : state),
    onConflict: (theirs) => conflicts.push(theirs),
    onSaved: () => {},
  });
  const tick = async () => {
    const due = timers.next;
    timers.next = null;
    due?.();
    await settle();
    await settle();
  };
  return { server, timers, states, conflicts, saver, tick };
}

const offline = () => new ApiError("no connection", 0);

test("waits for a pause, then makes, then replaces", async () => {
  const { server, saver, states, tick, timers } = setup();
  saver.changed([point("a")]);
  saver.changed([point("a"), point("b")]);
  assert.deepEqual(server.calls, []);
  assert.equal(timers.ms.at(-1), 800);
  await tick();
  saver.changed([point("b")]);
  await tick();
  assert.deepEqual(server.calls, ["create", "update"]);
  assert.equal(canonical(server.mine.shapes), canonical([point("b")]));
  assert.equal(states.at(-1), "saved");
  assert.equal(saver.unsaved, false);
});

test("what is drawn while a save is under way is saved next", async () => {
  const { server, saver, tick } = setup();
  saver.changed([point("a")]);
  const pending = tick();
  saver.changed([point("a"), point("b")]);
  await pending;
  assert.equal(saver.unsaved, true);
  await tick();
  assert.equal(server.mine.shapes.length, 2);
});

test("offline: tries again after 1, 2, 4 … at most 30 seconds", async () => {
  const { server, saver, states, tick, timers } = setup();
  server.mine = { id: 7, layer: "mine", revision: 1, shapes: [] };
  saver.load(server.mine);
  server.fail = Array.from({ length: 7 }, () => ({ error: offline() }));
  saver.changed([point("a")]);
  for (let i = 0; i < 7; i++) await tick();
  assert.deepEqual(timers.ms.slice(1), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
  assert.equal(states.at(-1), "retrying: no connection");
  await tick();
  assert.equal(states.at(-1), "saved");
  assert.equal(server.mine.shapes.length, 1);
});

test("a first save whose answer got lost is not made twice", async () => {
  const { server, saver, conflicts, tick } = setup();
  server.fail = [{ lost: true, error: offline() }];
  saver.changed([point("a")]);
  await tick();
  saver.changed([point("a"), point("b")]);
  await tick();
  assert.deepEqual(server.calls, ["create", "list", "update"]);
  assert.equal(server.mine.shapes.length, 2);
  assert.deepEqual(conflicts, []);
});

test("a first save that the browser sent twice finds itself", async () => {
  const { server, saver, conflicts, states, tick } = setup();
  server.mine = { id: 7, layer: "mine", revision: 1, shapes: [point("a")] };
  saver.changed([point("a")]);
  await tick();
  assert.deepEqual(conflicts, []);
  assert.equal(states.at(-1), "saved");
  assert.equal(saver.id, 7);
});

test("a save whose answer got lost is no conflict with itself", async () => {
  const { server, saver, conflicts, states, tick } = setup();
  server.mine = { id: 7, layer: "mine", revision: 1, shapes: [] };
  saver.load(server.mine);
  server.fail = [{ lost: true, error: offline() }];
  saver.changed([point("a")]);
  await tick();
  await tick();
  assert.deepEqual(conflicts, []);
  assert.equal(states.at(-1), "saved");
  assert.equal(saver.revision, 2);
});

test("a conflict asks, keeps drawing, and goes on from the answer", async () => {
  const { server, saver, conflicts, states, tick } = setup();
  server.mine = { id: 7, layer: "mine", revision: 4, shapes: [point("theirs")] };
  saver.load({ id: 7, revision: 3, shapes: [] });
  saver.changed([point("a")]);
  await tick();
  assert.equal(states.at(-1), "conflict");
  assert.deepEqual(conflicts, [[point("theirs")]]);
  saver.changed([point("a"), point("b")]);
  await tick();
  assert.deepEqual(server.mine.shapes, [point("theirs")]);
  assert.equal(saver.unsaved, true);
  saver.resolve([point("theirs"), point("a"), point("b")]);
  await tick();
  assert.equal(server.mine.shapes.length, 3);
  assert.equal(server.mine.revision, 5);
});

test("taking theirs leaves nothing to save", async () => {
  const { server, saver, states, tick } = setup();
  server.mine = { id: 7, layer: "mine", revision: 4, shapes: [point("theirs")] };
  saver.load({ id: 7, revision: 3, shapes: [] });
  saver.changed([point("a")]);
  await tick();
  saver.resolve([point("theirs")]);
  assert.equal(states.at(-1), "saved");
  assert.equal(saver.unsaved, false);
});

test("a refused shape is named and not sent again by itself", async () => {
  const { server, saver, states, tick, timers } = setup();
  const errors = [{ field: "shapes[0].points[0]", message: "lies outside" }];
  server.fail = [{ error: new ApiError("bad", 400, { code: "invalid-geometry", errors }) }];
  saver.changed([point("a")]);
  await tick();
  assert.equal(states.at(-1), "invalid: shapes[0].points[0]: lies outside");
  assert.equal(timers.next, null);
  saver.changed([point("a", 2)]);
  await tick();
  assert.equal(states.at(-1), "saved");
});

test("submitting saves first, and not at all when saving fails", async () => {
  const { server, saver } = setup();
  saver.changed([point("a")]);
  assert.equal(await saver.submit(), true);
  assert.deepEqual(server.calls, ["create", "submit"]);
  server.fail = [{ error: new ApiError("no", 403) }];
  saver.changed([point("b")]);
  assert.equal(await saver.submit(), false);
  assert.equal(saver.state, "refused");
});

test("saves over the revision that submitting gave", async () => {
  const { server, saver, tick, conflicts } = setup();
  saver.changed([point("a")]);
  assert.equal(await saver.submit(), true);
  assert.equal(saver.revision, 2);
  saver.changed([point("a"), point("b")]);
  await tick();
  assert.deepEqual(server.calls, ["create", "submit", "update"]);
  assert.equal(server.mine.shapes.length, 2);
  assert.deepEqual(conflicts, []);
});

test("a save that arrives after another tab submitted the same leaves it submitted", async () => {
  const { server, saver, tick, states } = setup();
  saver.load({ id: 7, revision: 1, shapes: [] });
  server.mine = { id: 7, layer: "mine", status: "submitted", revision: 3, shapes: [point("a")] };
  saver.changed([point("a")]);
  await tick();
  assert.deepEqual(server.calls, ["update"]);
  assert.equal(saver.revision, 3);
  assert.equal(states.at(-1), "saved");
  assert.equal(server.mine.status, "submitted");
});

test("both means everything of both", () => {
  const both = mergeBoth([point("same"), point("moved", 5), point("mine")], [point("same"), point("moved", 6), point("theirs")], () => "new");
  assert.deepEqual(both.map((shape) => shape.id), ["same", "moved", "theirs", "new", "mine"]);
  assert.deepEqual(both[3].points, [[5, 1]]);
});

test("the network: token, pages, problems and broken answers", async () => {
  const seen = [];
  const replies = [
    { results: [1], next: "http://wrong-host:1/api/annotations/?page=2&series=5" },
    { results: [2], next: null },
  ];
  const fetch = async (url, init) => {
    seen.push([url, init.method, init.headers["X-CSRFToken"]]);
    if (init.method === "GET") return Response.json(replies.shift());
    if (init.method === "PUT") return new Response("<html>", { headers: { "Content-Type": "text/html" } });
    return Response.json({ detail: "stale", current: { revision: 2 } }, { status: 409 });
  };
  const api = createApi({ seriesUrl: "/s/", annotationUrl: "/api/annotations/?series=5", fetch, token: () => "TOKEN" });
  assert.deepEqual(await api.annotations(), [1, 2]);
  await assert.rejects(api.create(5, []), { status: 409, problem: { detail: "stale", current: { revision: 2 } } });
  await assert.rejects(api.update("a/b", 1, []), (error) => error instanceof ApiError && error.transient);
  assert.deepEqual(seen.slice(1), [
    ["/api/annotations/?page=2&series=5", "GET", undefined],
    ["/api/annotations/", "POST", "TOKEN"],
    ["/api/annotations/a%2Fb/", "PUT", "TOKEN"],
  ]);
  const dead = createApi({ seriesUrl: "/s/", annotationUrl: "", token: () => "", fetch: () => Promise.reject(new TypeError("offline")) });
  await assert.rejects(dead.series(), { status: 0 });
});
