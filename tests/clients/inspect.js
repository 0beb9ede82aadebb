/*
 * Debugs a host over the DevTools protocol, as DevTools and VS Code do: node inspect.js <scenario> <json>
 *
 * The JSON says where things are: `host` and `inspect` (URLs), `pid` of the host, `folder` of the project. Run by
 * tests/inspect.rs, one scenario per test. Breakpoints are set by line and column of the TypeScript source, through
 * the source map that came with the script. Ends with 0 if everything came as it must, else with 1 and what was not.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { pathToFileURL } from "node:url";
import { generatedPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { WebSocket } from "ws";

const DEADLINE_MS = 30_000;
const [scenario, json] = process.argv.slice(2);
const place = JSON.parse(json);

/** A promise that fails if it takes too long, and says what was waited for. */
function within(what, promise, ms = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, probe) {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert(Date.now() < end, `not within ${DEADLINE_MS} ms: ${what}`);
    await pause(10);
  }
}

/** One request over a connection of its own; gives status and body. */
function ask(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, text }));
    });
    asked.on("error", reject).end();
  });
}

const list = async () => JSON.parse((await ask(`${place.inspect}/json/list`)).text);
const room = (path) => ask(`${place.host}/party/${path}`);

/** A debugger that is attached to a target. */
class Debugger {
  #socket;
  #asked = new Map();
  #last = 0;
  #waiting = [];
  events = [];
  scripts = [];

  static async attach(path) {
    const socket = new WebSocket(place.inspect.replace("http", "ws") + path);
    await within(`attached to ${path}`, once(socket, "open"));
    return new Debugger(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#hear(JSON.parse(data)));
    this.closed = once(socket, "close").then(([code, reason]) => ({ code, reason: String(reason) }));
  }

  #hear(message) {
    if (message.id !== undefined) {
      const { resolve, reject } = this.#asked.get(message.id);
      this.#asked.delete(message.id);
      return message.error ? reject(new Error(message.error.message)) : resolve(message.result);
    }
    if (message.method === "Debugger.scriptParsed") this.scripts.push(message.params);
    if (message.method === "Runtime.executionContextsCleared") this.scripts.length = 0;
    this.events.push(message);
    for (const look of [...this.#waiting]) look();
  }

  send(method, params = {}) {
    const id = ++this.#last;
    const answer = new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return within(`the answer to ${method}`, answer);
  }

  /** The next event of this kind that has not been asked for. */
  event(method, matches = () => true) {
    const found = new Promise((resolve) => {
      const look = () => {
        const at = this.events.findIndex((event) => event.method === method && matches(event.params));
        if (at < 0) return;
        this.#waiting.splice(this.#waiting.indexOf(look), 1);
        resolve(this.events.splice(at, 1)[0].params);
      };
      this.#waiting.push(look);
      look();
    });
    return within(`${method} (heard: ${this.events.map(({ method }) => method)})`, found);
  }

  async enable() {
    await this.send("Runtime.enable");
    await this.send("Debugger.enable");
    await this.send("Runtime.runIfWaitingForDebugger");
  }

  /** The script of the party, and its source map. */
  async party() {
    const script = await until("the party's script", () => this.scripts.find(({ sourceMapURL }) => sourceMapURL));
    assert.match(script.sourceMapURL, /^data:application\/json;base64,/);
    const map = JSON.parse(Buffer.from(script.sourceMapURL.split(",")[1], "base64"));
    return { script, map: new TraceMap(map), raw: map };
  }

  /** Sets a breakpoint at the first line of the source that contains `text`. */
  async breakAt(text, file = "server.ts") {
    const { script, map } = await this.party();
    const source = pathToFileURL(`${place.folder}/src/${file}`).href;
    const at = map.sources.indexOf(source);
    assert(at >= 0, `${source} is not among ${map.sources}`);
    const lines = map.sourcesContent[at].split("\n");
    const line = lines.findIndex((line) => line.includes(text));
    assert(line >= 0, `no line with ${text}`);
    const column = lines[line].length - lines[line].trimStart().length;
    const generated = generatedPositionFor(map, { source, line: line + 1, column });
    assert.notEqual(generated.line, null);
    return this.send("Debugger.setBreakpointByUrl", {
      url: script.url,
      lineNumber: generated.line - 1,
      columnNumber: generated.column,
    });
  }

  async local(call, name) {
    const scope = call.scopeChain.find(({ type }) => type === "local");
    const { result } = await this.send("Runtime.getProperties", { objectId: scope.object.objectId });
    return result.find((property) => property.name === name)?.value;
  }

  close() {
    this.#socket.close();
    return this.closed;
  }
}

const text = async (answer) => (await within("the answer of the room", answer)).text;

const scenarios = {
  /** The whole way: list, attach, breakpoint in TypeScript, scope, evaluate, step, resume, console. */
  async debug() {
    const version = JSON.parse((await ask(`${place.inspect}/json/version`)).text);
    assert.match(version.Browser, /^houseparty\//);
    assert.equal(version.webSocketDebuggerUrl, (await list())[0].webSocketDebuggerUrl);
    assert.equal(await text(room("a?name=Zoë")), "Hello, Zoë");
    const target = (await list()).find(({ title }) => title === "main/a");
    assert.equal(target.url, pathToFileURL(`${place.folder}/src/server.ts`).href);
    assert(target.devtoolsFrontendUrl.endsWith(target.webSocketDebuggerUrl.slice("ws://".length)));
    const debug = await Debugger.attach(new URL(target.webSocketDebuggerUrl).pathname);
    await debug.enable();
    // What was said before anybody attached is there, too.
    await debug.event("Runtime.consoleAPICalled", ({ args }) => args[0].value === "greets");
    const { raw } = await debug.party();
    assert(raw.ignoreList.length > 0 && raw.sources.every((_, at) => raw.sourcesContent[at] !== undefined));
    const set = await debug.breakAt("const text =");
    assert.equal(set.locations.length, 1);
    const answer = room("a?name=Ann");
    const paused = await debug.event("Debugger.paused");
    assert.deepEqual(paused.hitBreakpoints, [set.breakpointId]);
    const [call] = paused.callFrames;
    assert.equal(call.functionName, "onRequest");
    const said = await debug.event("Runtime.consoleAPICalled", ({ args }) => args[0].value === "greets");
    assert.deepEqual(
      said.args[1].preview.properties.map(({ name, value }) => [name, value]),
      [["name", "Ann"]],
    );
    // The line that said it, not one of the host's.
    assert.equal(said.stackTrace.callFrames[0].functionName, "onRequest");
    const greeting = await debug.local(call, "greeting");
    assert.equal(greeting.type, "object");
    const evaluated = await debug.send("Debugger.evaluateOnCallFrame", {
      callFrameId: call.callFrameId,
      expression: "greeting.name = greeting.name.toUpperCase()",
    });
    assert.equal(evaluated.result.value, "ANN");
    await debug.send("Debugger.stepOver");
    await debug.event("Debugger.resumed");
    const stepped = await debug.event("Debugger.paused");
    assert.equal((await debug.local(stepped.callFrames[0], "text")).value, "Hello, ANN");
    await debug.send("Debugger.resume");
    assert.equal(await text(answer), "Hello, ANN");
    await debug.send("Debugger.removeBreakpoint", { breakpointId: set.breakpointId });
    const sum = await debug.send("Runtime.evaluate", { expression: "(async () => 40 + 2)()", awaitPromise: true });
    assert.equal(sum.result.value, 42);
    await debug.close();
    assert.equal(await text(room("a?name=Ben")), "Hello, Ben");
  },

  /** A profile of the CPU has the party's function in it; a heap snapshot, its class. */
  async profiles() {
    await room("a");
    const debug = await Debugger.attach("/room/main/a");
    await debug.send("Profiler.enable");
    await debug.send("Profiler.start");
    assert.equal(await text(room("a?busy=1")), "busy");
    const { profile } = await debug.send("Profiler.stop");
    const names = profile.nodes.map(({ callFrame }) => callFrame.functionName);
    assert(names.includes("spin"), `${names}`);
    await debug.send("HeapProfiler.enable");
    await debug.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
    const chunks = debug.events.filter(({ method }) => method === "HeapProfiler.addHeapSnapshotChunk");
    const snapshot = JSON.parse(chunks.map(({ params }) => params.chunk).join(""));
    assert(snapshot.strings.includes("Server") && snapshot.nodes.length > 1000);
    assert.equal(await text(room("a?name=Ann")), "Hello, Ann");
    await debug.close();
  },

  /** A pause longer than the deadline of a turn and of a start costs the room nothing; others go on meanwhile. */
  async patience() {
    await room("a");
    const debug = await Debugger.attach("/room/main/a");
    await debug.enable();
    await debug.breakAt("const text =");
    const answer = room("a?name=Ann");
    await debug.event("Debugger.paused");
    // Longer than --turn-deadline, which is what is tested here.
    const end = Date.now() + 3 * place.deadline;
    let answered = 0;
    for (let number = 0; Date.now() < end; number++) {
      const other = await Promise.race([room(`other-${number}`), pause(300)]);
      if (other !== undefined) answered++;
    }
    assert(answered > 0, "no room of another thread has answered");
    await debug.send("Debugger.resume");
    assert.equal(await text(answer), "Hello, Ann");
    // The deadline is still there.
    await debug.send("Debugger.setBreakpointsActive", { active: false });
    assert.equal((await room("a?forever=1")).status, 500);
    assert.equal(await text(room("a?name=Ben")), "Hello, Ben");
    await debug.close();
  },

  /** A room that a debugger has does not go to sleep; one that sleeps is attached to when it wakes. */
  async sleep() {
    const debug = await Debugger.attach("/room/main/a");
    await debug.enable();
    await assert.rejects(debug.send("Runtime.evaluate", { expression: "1" }), /main\/a is not awake/);
    assert.equal(await text(room("a?name=Ann")), "Hello, Ann");
    await debug.event("Runtime.executionContextCreated");
    await debug.breakAt("const text =");
    await room("b");
    // Both are quiet; the one without a debugger goes.
    await until("b sleeps", async () => !(await list()).some(({ title }) => title === "main/b"));
    await pause(2 * place.hibernate);
    assert((await list()).some(({ title }) => title === "main/a"));
    await debug.close();
    await until("a sleeps", async () => !(await list()).some(({ title }) => title === "main/a"));
  },

  /** The program is replaced: while a room is paused, and with a session that stays attached. */
  async reload() {
    const file = `${place.folder}/src/server.ts`;
    await room("a");
    const debug = await Debugger.attach("/room/main/a");
    await debug.enable();
    await debug.breakAt("const text =");
    const answer = room("a?name=Ann");
    await debug.event("Debugger.paused");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, before.replace("Hello, ", "Hello again, "));
    // It goes on to its end, and is replaced.
    await debug.event("Debugger.resumed");
    assert.equal(await text(answer), "Hello, Ann");
    await debug.event("Runtime.executionContextsCleared");
    // The breakpoint holds in the new program.
    const next = room("a?name=Ben");
    const paused = await debug.event("Debugger.paused");
    assert.equal(paused.hitBreakpoints.length, 1);
    const { map } = await debug.party();
    assert(map.sourcesContent.some((source) => source?.includes("Hello again, ")));
    await debug.send("Debugger.resume");
    assert.equal(await text(next), "Hello again, Ben");
    await debug.close();
  },

  /** Breakpoints in a room that does not live yet: top level and onStart, through the party's own target. */
  async starts() {
    const first = room("a");
    if (place.waits) {
      await until("the room is there", async () => (await list()).some(({ title }) => title === "main/a"));
      assert.equal(await Promise.race([first, pause(300)]), undefined, "it did not wait");
    }
    const party = await Debugger.attach("/party/main");
    if (place.waits) {
      // Nothing of it has run.
      await party.send("Runtime.enable");
      await party.send("Debugger.enable");
      await party.send("Runtime.runIfWaitingForDebugger");
      if (place.breaks) {
        const { callFrames } = await party.event("Debugger.paused");
        assert.equal(callFrames.length, 1);
        const { script } = await party.party();
        assert.equal(callFrames[0].location.scriptId, script.scriptId);
        assert.match(script.url, /\/\.houseparty\/main\.js$/);
        await party.send("Debugger.resume");
      }
    } else {
      await party.enable();
    }
    assert.equal(await text(first), "Hello, nobody");
    await party.breakAt("const loaded =");
    await party.breakAt("this.started =");
    const second = room("b");
    for (const name of ["", "onStart"]) {
      const { callFrames } = await party.event("Debugger.paused");
      assert.equal(callFrames[0].functionName, name);
      await party.send("Debugger.resume");
    }
    assert.equal(await text(second), "Hello, nobody");
    const { result } = await party.send("Runtime.evaluate", { expression: "typeof process" });
    assert.equal(result.value, "object");
    await party.close();
  },

  /** As VS Code does it: a stop before the script runs, in which its map is read and breakpoints are set. */
  async instrumentation() {
    const debug = await Debugger.attach(new URL((await list())[0].webSocketDebuggerUrl).pathname);
    await debug.enable();
    const set = { instrumentation: "beforeScriptWithSourceMapExecution" };
    const { breakpointId } = await debug.send("Debugger.setInstrumentationBreakpoint", set);
    for (const name of ["a", "b"]) {
      const answer = room(name);
      const { reason, data } = await debug.event("Debugger.paused");
      assert.equal(reason, "instrumentation");
      assert.match(data.sourceMapURL, /^data:application\/json;base64,/);
      if (name === "a") await debug.breakAt("const loaded =");
      await debug.send("Debugger.resume");
      const { hitBreakpoints } = await debug.event("Debugger.paused", ({ reason }) => reason !== "instrumentation");
      assert.equal(hitBreakpoints.length, 1);
      await debug.send("Debugger.resume");
      assert.equal(await text(answer), "Hello, nobody");
    }
    await debug.send("Debugger.removeBreakpoint", { breakpointId });
    await debug.close();
  },

  /** Static hooks run in the lobby. */
  async lobby() {
    const hooked = () => ask(`${place.host}/parties/hooked/a`);
    const debug = await Debugger.attach("/lobby/hooked");
    await debug.enable();
    assert.equal(await text(hooked()), "hooked GET");
    assert((await list()).some(({ title }) => title === "hooked (lobby)"));
    await debug.breakAt("return new Response(`hooked", "hooked.ts");
    const answer = hooked();
    const { callFrames } = await debug.event("Debugger.paused");
    assert.equal((await debug.local(callFrames[0], "asked")).value, "GET");
    await debug.send("Debugger.resume");
    assert.equal(await text(answer), "hooked GET");
    await debug.close();
  },

  /** What a handler throws is in the console of the debugger, with its stack. */
  async errors() {
    await room("a");
    const debug = await Debugger.attach("/room/main/a");
    await debug.enable();
    assert.equal((await room("a?fail=1")).status, 500);
    const { type, args } = await debug.event("Runtime.consoleAPICalled", ({ args }) => args[0].value === "onRequest error");
    assert.equal(type, "error");
    assert.equal(args[1].className, "RangeError");
    await debug.send("Debugger.setPauseOnExceptions", { state: "all" });
    const answer = room("a?fail=1");
    const { reason, callFrames } = await debug.event("Debugger.paused");
    assert.equal(reason, "promiseRejection");
    assert.equal(callFrames[0].functionName, "fail");
    await debug.close();
    assert.equal((await answer).status, 500);
  },

  /** Rooms that break and debuggers that vanish, in every order. */
  async breaks() {
    await room("a");
    const debug = await Debugger.attach("/room/main/a");
    const second = await Debugger.attach("/party/main");
    await debug.enable();
    await second.enable();
    await debug.breakAt("const text =");
    // Memory runs out while debuggers are attached: the room alone goes.
    assert.equal((await room("a?full=1")).status, 500);
    await debug.event("Runtime.executionContextsCleared");
    await second.event("Runtime.executionContextsCleared");
    // A debugger vanishes in the middle of a pause, and then the last one.
    const answer = room("a?name=Ann");
    await debug.event("Debugger.paused");
    await second.event("Debugger.paused");
    await debug.close();
    await second.close();
    assert.equal(await text(answer), "Hello, Ann");
    // In the middle of its own command, which has paused.
    const third = await Debugger.attach("/room/main/a");
    await third.enable();
    third.send("Runtime.evaluate", { expression: "debugger; 1" }).catch(() => {});
    await third.event("Debugger.paused");
    await third.close();
    assert.equal(await text(room("a?name=Ben")), "Hello, Ben");
    // In the middle of a loop: a pause is an interrupt.
    const fourth = await Debugger.attach("/room/main/a");
    await fourth.enable();
    const looping = room("a?forever=1");
    await fourth.event("Runtime.consoleAPICalled", ({ args }) => args[0].value === "loops");
    await fourth.send("Debugger.pause");
    const { callFrames } = await fourth.event("Debugger.paused");
    assert(callFrames.some(({ functionName }) => functionName === "onRequest"));
    // It is answered when it is done, or by the end of the isolate.
    const terminated = fourth.send("Runtime.terminateExecution").catch((error) => error);
    await fourth.send("Debugger.resume");
    assert.equal((await looping).status, 500);
    await terminated;
    await fourth.close();
    assert.equal(await text(room("a?name=Cid")), "Hello, Cid");
  },

  /** A host with a paused room stops when it is told to. */
  async stops() {
    await room("a");
    const debug = await Debugger.attach("/room/main/a");
    await debug.enable();
    await debug.breakAt("const text =");
    const answer = room("a?name=Ann");
    await debug.event("Debugger.paused");
    process.kill(place.pid, "SIGTERM");
    assert.equal(await text(answer), "Hello, Ann");
    const { code, reason } = await within("the end of the session", debug.closed);
    assert.equal(code, 1001);
    assert.match(reason, /going away/);
  },

  /** Who is not let in. */
  async refusals() {
    const at = `${place.inspect}/json/list`;
    assert.equal((await ask(at, { host: "evil.example" })).status, 403);
    assert.equal((await ask(at, { origin: "http://localhost:1999" })).status, 403);
    assert.equal((await ask(at, { host: `localhost:${new URL(at).port}` })).status, 200);
    assert.equal((await ask(`${place.inspect}/secret`)).status, 404);
    const knock = async (path, headers) => {
      const socket = new WebSocket(place.inspect.replace("http", "ws") + path, { headers });
      const [error] = await once(socket, "error");
      return error.message;
    };
    assert.match(await knock("/party/main", { origin: "https://evil.example" }), /403/);
    assert.match(await knock("/party/main", { host: "evil.example" }), /403/);
    for (const path of ["/party/other", "/party", "/room/main", "/x"]) assert.match(await knock(path), /404/, path);
    // What is no command is answered, and hurts nobody.
    await room("a");
    const debug = await Debugger.attach("/room/main/a");
    await assert.rejects(debug.send("Nothing.atAll"), /wasn't found/);
    await assert.rejects(debug.send("Runtime.evaluate", { expression: 5 }), /Invalid parameters/);
    await debug.close();
    assert.equal(await text(room("a?name=Ann")), "Hello, Ann");
  },
};

await scenarios[scenario]();
console.log(`${scenario}: good`);
process.exit(0);
