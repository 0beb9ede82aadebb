//! A disk that takes a second for each sync: what waits for it, and what must not.
//!
//! disk.c stands between the host and its disk (disk.rs says how). Whatever leaves a room after a
//! confirmed write waits until that is durable; whatever was written unconfirmed waits for nobody; a
//! room that breaks meanwhile keeps only itself waiting.

use std::time::{Duration, Instant};

use super::disk::Disk;
use crate::support::{Host, Project, Socket, run};

const DELAY: Duration = Duration::from_millis(1000);

const MAIN: &str = r#"
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export default class Slow {
  constructor(room) { this.room = room; this.born = crypto.randomUUID(); }
  async onMessage(message, connection) {
    const { storage } = this.room;
    switch (message) {
      case "synchronous":
        return void storage.transactionSync(() => { storage.put("a", message); connection.send(message); });
      case "frame": storage.put("a", message); return connection.send("frame");
      case "close": storage.put("a", message); return connection.close(4000, "asked to");
      case "alarm": storage.setAlarm(Date.now() + 1e7); return connection.send("alarm");
      case "unconfirmed": storage.put("b", 1, { allowUnconfirmed: true }); return connection.send("unconfirmed");
      case "unconfirmed alarm": storage.setAlarm(Date.now() + 2e7, { allowUnconfirmed: true }); return connection.send(message);
      case "sync": storage.put("b", 2, { allowUnconfirmed: true }); await storage.sync(); return connection.send("sync");
      case "before": connection.send("before"); storage.put("a", message); return;
    }
  }
  async onRequest(request) {
    const { storage } = this.room;
    switch (new URL(request.url).pathname.split("/").at(-1)) {
      case "time": return Response.json(Date.now());
      case "call": {
        const before = Date.now();
        storage.put("a", "call");
        const answer = await this.room.context.parties.main.get("callee").fetch("/time");
        return Response.json((await answer.json()) - before);
      }
      case "pieces": {
        const { readable, writable } = new TransformStream();
        const writer = writable.getWriter();
        const write = (text) => writer.write(new TextEncoder().encode(text));
        (async () => {
          await write("one");
          await later(50);
          storage.put("a", "piece");
          await write("two");
          await writer.close();
        })();
        return new Response(readable);
      }
      case "break":
        storage.put("kept", "what was on its way");
        return this.room.blockConcurrencyWhile(() => { throw new Error("broken on purpose"); });
      case "kept": return new Response(await storage.get("kept"));
      case "born": return new Response(this.born);
    }
    return new Response("fine");
  }
}
"#;

async fn timed(socket: &mut Socket, message: &str) -> Duration {
    let begun = Instant::now();
    socket.send(message).await;
    match message {
        "close" => assert_eq!(socket.expect_close(4000).await, "asked to"),
        text => socket.expect_text(text).await,
    }
    begun.elapsed()
}

/// GATE-23, GATE-24, KV-46, KV-70.
#[test]
fn what_leaves_a_room_waits_for_the_disk() {
    run(async {
        let (project, disk) = (Project::single(MAIN), Disk::new());
        let mut host = disk.host(&project, &[]);
        let mut socket = host.open("/party/frames").await;
        host.get("/party/callee").await.ok();
        disk.fail(&format!("sync * slow {}", DELAY.as_millis()));
        for message in ["unconfirmed", "unconfirmed alarm", "before"] {
            let taken = timed(&mut socket, message).await;
            assert!(taken < DELAY, "{message} took {taken:?}");
        }
        for message in ["frame", "synchronous", "alarm", "sync"] {
            let taken = timed(&mut socket, message).await;
            assert!(taken >= DELAY, "{message} took {taken:?}");
        }
        let called = host.get("/party/caller/call").await.ok().json().as_u64();
        assert!(called >= Some(900), "the other room was called after {called:?} ms");
        let mut client = host.client().await;
        let begun = Instant::now();
        let none = futures::stream::empty();
        let mut answer =
            client.stream("GET", "/party/pieces/pieces", none).await.expect("it answers");
        let mut heard = Vec::new();
        while let Some(piece) = answer.next().await {
            heard.push((piece.expect("the body is whole"), begun.elapsed()));
        }
        let (first, last) = (&heard[0], &heard[heard.len() - 1]);
        assert!(first.0 == "one" && first.1 < DELAY, "{heard:?}");
        assert!(last.0 == "two" && last.1 >= DELAY, "{heard:?}");
        let taken = timed(&mut socket, "close").await;
        assert!(taken >= DELAY, "the close took {taken:?}");
        host.assert_alive();
    });
}

/// Twenty times everything that does not write.
async fn others(host: &Host) -> Duration {
    let mut socket = host.open("/party/bystander").await;
    let begun = Instant::now();
    for n in 0..20 {
        assert_eq!(host.get("/party/bystander").await.text(), "fine");
        assert_eq!(host.get(&format!("/party/new-{n}")).await.text(), "fine");
        socket.send("nothing").await;
    }
    begun.elapsed()
}

/// A room that breaks while its writes are on their way starts again when they have arrived; its
/// shard does not wait for that.
#[test]
fn a_room_that_breaks_keeps_nobody_else_waiting() {
    run(async {
        let (project, disk) = (Project::single(MAIN), Disk::new());
        let mut host = disk.host(&project, &["--shards", "1"]);
        let born = host.get("/party/broken/born").await.text();
        others(&host).await;
        // Long enough that not all of what follows fits into it by chance.
        disk.fail(&format!("sync * slow {}", DELAY.as_millis() * 4));
        let begun = Instant::now();
        let answer = host.get("/party/broken/break").await;
        assert_eq!((answer.status, answer.text().as_str()), (500, "broken on purpose"));
        let waits = async {
            let kept = host.get("/party/broken/kept").await.ok().text();
            (kept, begun.elapsed())
        };
        let (taken, (kept, waited)) = futures::join!(others(&host), waits);
        assert!(taken < DELAY * 3, "the others took {taken:?}");
        assert_eq!(kept, "what was on its way");
        assert!(waited >= DELAY * 3, "it started before its writes had arrived: {waited:?}");
        assert_ne!(host.get("/party/broken/born").await.text(), born);
        assert!(disk.hits() > 0, "the disk was not slow");
        host.assert_alive();
    });
}
