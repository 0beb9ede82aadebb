/*
 * Making and updating elements. Whatever comes from rooms becomes a text node or a property, never HTML.
 *
 * `h` makes an element; `reconcile` brings a list of elements up to date and keeps those that stay, with their focus;
 * `ask` is a dialog that waits for an answer; `toast` tells what went wrong or right.
 */

/** `h("a", { href, class, onclick, data: {…} }, child, …)`: children are elements or texts, or null for nothing. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name === "class" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** An element of SVG, with attributes only. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Sets a text, if it is another one: selections survive. */
export function say(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** The elements of a list by their keys. */
const rowsOf = new WeakMap();

/** Empties a list. */
export function clear(parent) {
  rowsOf.delete(parent);
  parent.replaceChildren();
}

/** Makes the children of `parent` those of `items`, in order; an element with the same key stays and is updated. */
export function reconcile(parent, items, keyOf, create, update) {
  const known = rowsOf.get(parent) ?? new Map();
  const rows = new Map();
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const row = known.get(key) ?? create(item);
    update(row, item);
    rows.set(key, row);
    if (row === place) place = place.nextElementSibling;
    else parent.insertBefore(row, place);
  }
  for (const [key, row] of known) if (!rows.has(key)) row.remove();
  rowsOf.set(parent, rows);
}

/** Fills `parent` anew only if what it shows is another thing than before: a button that has the focus keeps it. */
export function refill(parent, signature, make) {
  const wanted = JSON.stringify(signature);
  if (parent.dataset.shows === wanted) return;
  parent.dataset.shows = wanted;
  parent.replaceChildren(...make());
}

const toasts = document.querySelector("#toasts");

export function toast(text, kind = "good") {
  const note = h("p", { class: `toast ${kind}`, role: kind === "bad" ? "alert" : null }, text);
  toasts.append(note);
  setTimeout(() => note.remove(), kind === "bad" ? 9_000 : 3_500);
  while (toasts.children.length > 4) toasts.firstElementChild.remove();
}

/** Runs something a person asked for, and tells what goes wrong. Gives whether it went well. */
export async function attempt(work, done) {
  try {
    const result = await work();
    if (done) toast(typeof done === "function" ? done(result) : done);
    return true;
  } catch (error) {
    toast(error.message, "bad");
    return false;
  }
}

/** Asks before something is done. */
export function ask(title, text, yes, kind = "") {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { class: "ask", onclose: () => (dialog.remove(), resolve(dialog.returnValue === "yes")) },
      h("h2", {}, title),
      h("p", {}, text),
      h(
        "form",
        { method: "dialog", class: "row end" },
        h("button", { value: "no" }, "Cancel"),
        h("button", { value: "yes", class: `primary ${kind}` }, yes),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A line of the last values. */
export function sparkline(count = 60) {
  const line = svg("polyline", { class: "line" });
  const area = svg("polygon", { class: "area" });
  const chart = svg("svg", {
    viewBox: "0 0 100 28",
    preserveAspectRatio: "none",
    class: "spark",
    "aria-hidden": "true",
  });
  chart.append(area, line);
  const values = [];
  return {
    chart,
    push(value) {
      values.push(value);
      if (values.length > count) values.shift();
      const most = Math.max(...values, 1e-9);
      const step = 100 / (count - 1);
      const start = 100 - (values.length - 1) * step;
      const points = values.map(
        (it, at) => `${(start + at * step).toFixed(2)},${(26.5 - (it / most) * 24).toFixed(2)}`,
      );
      line.setAttribute("points", points.join(" "));
      area.setAttribute("points", `${start.toFixed(2)},28 ${points.join(" ")} 100,28`);
    },
  };
}
