/*
 * The way to runtime/dashboard: requests, and one stream of events that is closed while the page is hidden.
 *
 * Errors are `Problem`s with the host's own words and its status.
 */

export class Problem extends Error {
  constructor(status, body) {
    super(body?.error ?? `the host answered with ${status}`);
    this.status = status;
    this.busy = body?.busy;
  }
}

function address(name, parameters = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== false) query.set(key, value);
  }
  const text = query.toString();
  return text === "" ? `api/${name}` : `api/${name}?${text}`;
}

async function request(method, name, parameters, options = {}) {
  let response;
  try {
    response = await fetch(address(name, parameters), { method, ...options });
  } catch {
    throw new Problem(0, { error: "the host does not answer" });
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

export const get = (name, parameters) => request("GET", name, parameters);

/** Asks for a change. */
export const change = (method, name, parameters, body, headers = {}) =>
  request(method, name, parameters, { body, headers: { "x-houseparty": "1", ...headers } });

const link = document.querySelector("#link");

function tell(state, text) {
  link.dataset.state = state;
  link.lastElementChild.textContent = text;
}

/** Pause before a stream that was lost is opened again. */
const RETRY_MS = 1_500;

let source = null;
let wanted = null;
let retry = null;

function open() {
  close();
  if (wanted === null || document.hidden) return;
  const { parameters, on } = wanted;
  source = new EventSource(address("events", typeof parameters === "function" ? parameters() : parameters));
  source.onopen = () => tell("live", "live");
  source.onerror = () => {
    tell("lost", "the host is gone; trying again");
    // It would come back by itself, but ask again for what has been shown already.
    close();
    retry = setTimeout(open, RETRY_MS);
  };
  for (const [name, listener] of Object.entries(on)) {
    source.addEventListener(name, (event) => listener(JSON.parse(event.data)));
  }
}

function close() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    close();
    tell("waiting", "paused");
  } else {
    open();
  }
});

/** Listens to these events from now on, instead of others. `parameters` may be a function, asked at each opening. */
export function listen(parameters, on) {
  wanted = { parameters, on };
  open();
}

/** Opens the stream anew, as its parameters have changed. */
export const reopen = () => open();
