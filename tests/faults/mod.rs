//! What goes wrong, and that it stays where it went wrong: parties that misbehave, clients that
//! misbehave, projects and folders that cannot be used, a disk that fails. Every test that runs a
//! host ends with another room answering and the process alive.

mod clients;
mod damage;
mod disk;
mod isolates;
mod machine;
mod parties;
mod projects;
mod slow_disk;
mod upgrades;

use crate::support::{Host, HostOptions, Project};

/// A party that does whatever a client asks for.
const TROUBLE: &str = r#"
export default class Trouble {
  constructor(room) { this.room = room; this.born = crypto.randomUUID(); }
  async onRequest(request) {
    const act = new URL(request.url).pathname.split("/").at(-1);
    switch (act) {
      case "throw": throw new Error("thrown on purpose");
      case "reject": Promise.reject(new Error("rejected on purpose")); return new Response("answered");
      case "report": reportError(new Error("reported on purpose")); return new Response("answered");
      case "listener": {
        const target = new EventTarget();
        target.addEventListener("x", () => { throw new Error("thrown by a listener on purpose"); });
        target.dispatchEvent(new Event("x"));
        return new Response("answered");
      }
      case "later": setTimeout(() => { throw new Error("thrown later on purpose"); }, 1); return new Response("answered");
      case "loop": for (;;);
      case "loop-later": Promise.resolve().then(() => { for (;;); }); return new Response("answered");
      case "eat": { const all = []; for (;;) all.push(new Array(10000).fill(Math.random())); }
      case "buffers": { const all = []; for (;;) all.push(new Uint8Array(4 << 20).fill(1)); }
      case "deep": { const deep = () => deep() + 1; return new Response(String(deep())); }
      case "kept": return new Response(String(await this.room.storage.get("kept")));
      case "keep": await this.room.storage.put("kept", "yes"); return new Response("kept");
      case "born": return new Response(this.born);
      case "fan": {
        const piece = "x".repeat(64 << 10);
        for (let i = 0; i < 16; i++) this.room.broadcast(`${this.sent = (this.sent ?? -1) + 1}:${piece}`);
        return new Response(String(this.sent));
      }
    }
    return new Response("fine");
  }
  onMessage(message, connection) {
    if (message === "loop") for (;;);
    if (message === "throw") throw new Error("thrown on purpose");
    connection.send(`echo:${message}`);
  }
}
"#;

fn trouble(flags: &[&str]) -> Host {
    Host::start_with(&Project::single(TROUBLE), HostOptions::flags(flags))
}
