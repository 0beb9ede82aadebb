//! The dashboard at `/__houseparty__/`: its API over the wire, and its page in Chromium.
//!
//! - `access`: who is let in
//! - `rooms`: listing and looking at rooms, restarting them, closing connections, a shard that is busy
//! - `stored`: browsing and changing what rooms have stored, alarms
//! - `streams`: the log, the stream of events, crons, a host that stops
//! - `page`: the page, driven in headless Chromium

mod access;
mod page;
mod rooms;
mod stored;
mod streams;

use serde_json::Value;

use crate::support::{Answer, Host, HostOptions, Project};

const MAIN: &str = r#"
export default class Main {
  constructor(room) { this.room = room; this.count = null; }
  async onStart() { this.count = (await this.room.storage.get("count")) ?? 0; }
  onConnect(connection) { connection.send(`welcome to ${this.room.id}`); }
  async onMessage(message, connection) {
    if (message === "loop") for (;;);
    if (message === "throw") throw new Error("thrown on purpose");
    if (message === "hold") await this.room.blockConcurrencyWhile(() => new Promise(() => {}));
    if (message === "odd") await this.room.storage.put({ when: new Date(0), big: 12345678901234567890n });
    if (message === "count") await this.room.storage.put("count", ++this.count);
    if (message === "alarm") await this.room.storage.setAlarm(Date.now() + 3_600_000);
    console.log("heard", message);
    connection.send(`echo:${message}`);
  }
  async onClose() { console.log("somebody left"); }
  async onAlarm() { console.log("the alarm rang"); this.room.broadcast("alarm"); }
  async onRequest(request) {
    const key = new URL(request.url).searchParams.get("key");
    if (request.method === "PUT") await this.room.storage.put(key, await request.json());
    return Response.json((await this.room.storage.get(key ?? "count")) ?? null);
  }
  static async onCron(cron) {
    console.log("cron", cron.name);
    if (cron.name === "broken") throw new Error("no");
  }
}
"#;

const SLEEPER: &str = r#"
export default class Sleeper {
  options = { hibernate: true };
  constructor(room) { this.room = room; }
  getConnectionTags() { return ["guest", "<b>bold</b>"]; }
  onConnect(connection) { connection.setState({ name: "Ann" }); }
  onMessage(message, connection) { connection.send(`echo:${message}`); }
}
"#;

fn project() -> Project {
    let config = r#"{
        "name": "shown", "main": "main.js", "parties": { "sleeper": "sleeper.js" },
        "crons": { "tidy": "0 3 1 1 *", "broken": "0 4 1 1 *" }
    }"#;
    Project::of(&[("partykit.json", config), ("main.js", MAIN), ("sleeper.js", SLEEPER)])
}

/// A host with a dashboard and one shard, so that its rooms wait for each other.
fn host(flags: &[&str]) -> Host {
    let mut all = vec!["--dashboard", "--shards", "1"];
    all.extend(flags);
    Host::start_with(&project(), HostOptions::flags(&all))
}

async fn ask(host: &Host, name: &str) -> Answer {
    host.get(&format!("/__houseparty__/api/{name}")).await
}

/// Asks for something that must be answered.
async fn get(host: &Host, name: &str) -> Value {
    ask(host, name).await.ok().json()
}

/// A request with these headers, besides that which changes need.
async fn change(
    host: &Host,
    method: &str,
    name: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut all = vec![("x-houseparty".to_owned(), "1".to_owned())];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let path = format!("/__houseparty__/api/{name}");
    let mut client = host.client().await;
    client.request(method, &path, &all, body.to_owned().into()).await.expect("an answer")
}
