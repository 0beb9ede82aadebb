/*
 * The script that pages get in `dev`: shows what is wrong with the last build, and loads the page again when it has
 * changed, if that was asked for (`--live`). Served by live.rs, whose events each are the whole state.
 *
 * The overlay lives in a shadow root, so that neither it nor the page's styles touch each other; all text goes in as
 * text. Escape or the button hides it until something else is wrong. While the page is out of view it has no stream:
 * browsers allow few connections to one host, and a page that nobody sees costs nothing.
 */
(() => {
  const tag = document.currentScript;
  if (!tag || !window.EventSource || window.__houseparty_live) return;
  window.__houseparty_live = true;
  const { boot, page } = tag.dataset;
  let { styles } = tag.dataset;
  let source = null;
  let overlay = null;
  let dismissed = "";

  function listen() {
    if (document.visibilityState === "hidden") {
      source?.close();
      source = null;
    } else if (!source || source.readyState === EventSource.CLOSED) {
      source = new EventSource("/__houseparty__/live");
      source.onmessage = (event) => take(JSON.parse(event.data));
    }
  }

  function take(state) {
    show(state.problems);
    if (!state.reload) return;
    if (state.boot !== boot || state.page !== page) {
      reload(`${state.boot}.${state.page}`);
    } else if (state.styles !== styles) {
      styles = state.styles;
      if (!swapStyles()) reload(`${state.boot}.${state.page}.${styles}`);
    }
  }

  /** Once per version: a page that some cache keeps old must not load itself for ever. */
  function reload(version) {
    try {
      if (sessionStorage.getItem("houseparty:loaded") === version) return;
      sessionStorage.setItem("houseparty:loaded", version);
    } catch {
      // Without storage for this page there is nothing to remember.
    }
    location.reload();
  }

  /** Loads every style sheet of this site again; each gives way when the new one is there. */
  function swapStyles() {
    const links = [...document.querySelectorAll('link[rel~="stylesheet"][href]')];
    const own = links.filter((link) => new URL(link.href).origin === location.origin);
    for (const link of own) {
      const url = new URL(link.href);
      url.searchParams.set("houseparty", styles);
      const next = link.cloneNode();
      next.href = url.href;
      next.onload = () => link.remove();
      next.onerror = () => next.remove();
      link.after(next);
    }
    return own.length > 0;
  }

  function show(problems) {
    const text = JSON.stringify(problems);
    if (problems.length === 0 || text !== dismissed) dismissed = "";
    overlay?.remove();
    overlay = null;
    if (problems.length === 0 || dismissed) return;
    overlay = element("houseparty-overlay", {});
    const root = overlay.attachShadow({ mode: "open" });
    const close = element("button", { type: "button", textContent: "Hide" });
    const hide = () => {
      dismissed = text;
      overlay?.remove();
      overlay = null;
    };
    close.onclick = hide;
    const label = "The last change does not work";
    const panel = element("section", { role: "alertdialog", ariaLabel: label, tabIndex: -1 });
    panel.onkeydown = (event) => event.key === "Escape" && hide();
    const note = "What was there before goes on. This goes away when it is repaired.";
    panel.append(close, ...problems.map(article), element("footer", { textContent: note }));
    root.append(element("style", { textContent: CSS }), panel);
    document.documentElement.append(overlay);
    panel.focus({ preventScroll: true });
  }

  function article(problem) {
    const { place } = problem;
    const box = element("article", {});
    box.append(element("h2", { textContent: problem.what }), element("p", { textContent: problem.message }));
    if (place) box.append(element("cite", { textContent: `${place.file}:${place.line}:${place.column}` }));
    if (problem.frame.trim()) box.append(element("pre", { textContent: problem.frame.trimEnd() }));
    return box;
  }

  function element(name, properties) {
    return Object.assign(document.createElement(name), properties);
  }

  const CSS = `
    :host { all: initial; position: fixed; inset: 0; z-index: 2147483647; overflow: auto; color-scheme: light dark;
      background: light-dark(#0f172a99, #000000b3); font: 15px/1.5 system-ui, sans-serif; }
    section { box-sizing: border-box; max-width: 60rem; margin: 4vh auto; padding: 1.5rem 2rem; border-radius: 10px;
      border-top: 6px solid #dc2626; color: light-dark(#1e293b, #e2e8f0); background: light-dark(#fff, #1e1e24);
      box-shadow: 0 20px 60px #0008; outline: none; }
    button { float: right; font: inherit; font-size: 13px; padding: 0.25rem 0.8rem; border-radius: 6px; cursor: pointer;
      color: inherit; background: transparent; border: 1px solid currentColor; opacity: 0.7; }
    button:hover, button:focus-visible { opacity: 1; }
    article + article { margin-top: 1.5rem; padding-top: 1.5rem; border-top: 1px solid light-dark(#e2e8f0, #3f3f46); }
    h2 { margin: 0; font-size: 13px; font-weight: 600; letter-spacing: 0.02em; color: light-dark(#b91c1c, #fca5a5); }
    p { margin: 0.25rem 0; font-size: 18px; font-weight: 600; white-space: pre-wrap; overflow-wrap: anywhere; }
    cite { font: 13px ui-monospace, monospace; color: light-dark(#2563eb, #93c5fd); }
    pre { margin: 0.75rem 0 0; padding: 1rem; overflow: auto; border-radius: 6px;
      font: 13px/1.5 ui-monospace, monospace; background: light-dark(#f1f5f9, #111114); }
    footer { margin-top: 1.25rem; font-size: 13px; opacity: 0.7; }`;

  document.addEventListener("visibilitychange", listen);
  // A page that comes back from the browser's history has an old state.
  addEventListener("pageshow", (event) => event.persisted && listen());
  addEventListener("pagehide", () => {
    source?.close();
    source = null;
  });
  listen();
})();
