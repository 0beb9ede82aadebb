//! A client that leaves before its answer is complete: `request.signal` aborts, what it was being sent
//! ends, and the room may rest (spec G-07).

use futures::stream::empty;

use crate::support::{Host, HostOptions, Project, eventually, run};

/// Notes what it sees of clients that leave, for the request `seen`.
const MAIN: &str = r#"export default class Leaving {
  static async onFetch(request, lobby) {
    const note = (text) => lobby.parties.main.get("r").fetch(`/note?${text}`);
    request.signal.addEventListener("abort", () => note("abort"));
    await note("waiting");
    return new Promise(() => {});
  }

  constructor(room) { this.room = room; this.seen = []; this.born = crypto.randomUUID(); }

  async onRequest(request) {
    const { signal } = request;
    const note = (text) => this.seen.push(text);
    switch (new URL(request.url).pathname.split("/").at(-1)) {
      case "seen": return Response.json(this.seen);
      case "born": return Response.json(this.born);
      case "note": note(new URL(request.url).search); return new Response("noted");
      case "whole": note(`aborted ${signal.aborted}`);
        signal.addEventListener("abort", () => note("abort after the end"));
        return new Response("whole");
      case "waits":
        note("waiting");
        signal.addEventListener("abort", () => note(`abort ${signal.reason.name}`));
        return new Promise(() => {});
      case "late": {
        // Asked for only after the client has left.
        note("waiting");
        await new Promise((resolve) => setTimeout(resolve, 300));
        note(`late ${signal.aborted} ${new Request(request).signal.aborted}`);
        return new Response("nobody reads this");
      }
      case "events": {
        // Nothing more is ever sent: only the host can tell that the client has gone.
        signal.addEventListener("abort", () => note("abort"));
        return new Response(new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
          cancel: () => note("cancel"),
        }), { headers: { "content-type": "text/event-stream" } });
      }
      case "stream": {
        signal.addEventListener("abort", () => note("abort after the end"));
        const { readable, writable } = new TransformStream();
        const writer = writable.getWriter();
        writer.write(new TextEncoder().encode("streamed")).then(() => writer.close());
        return new Response(readable, { headers: { "content-length": "8" } });
      }
    }
  }
}"#;

async fn seen(host: &Host) -> String {
    host.get("/party/r/seen").await.text()
}

async fn until_seen(host: &Host, expected: &str) {
    eventually(expected, || async { (seen(host).await == expected).then_some(()) }).await;
}

/// Sends a request and leaves as soon as the room has it.
async fn ask_and_leave(host: &Host, path: &'static str, until: &str) {
    let mut client = host.client().await;
    let asked = tokio::spawn(async move { client.stream("GET", path, empty()).await.is_ok() });
    until_seen(host, until).await;
    asked.abort();
}

#[test]
fn a_handler_is_told_that_its_client_left() {
    run(async {
        let host = Host::start(&Project::single(MAIN));
        ask_and_leave(&host, "/party/r/waits", r#"["waiting"]"#).await;
        until_seen(&host, r#"["waiting","abort AbortError"]"#).await;
    });
}

#[test]
fn a_signal_that_is_asked_for_later_is_aborted() {
    run(async {
        let host = Host::start(&Project::single(MAIN));
        ask_and_leave(&host, "/party/r/late", r#"["waiting"]"#).await;
        until_seen(&host, r#"["waiting","late true true"]"#).await;
    });
}

#[test]
fn a_stream_of_events_ends_with_its_client() {
    run(async {
        let options = HostOptions::flags(&["--hibernate-after", "1"]);
        let host = Host::start_with(&Project::single(MAIN), options);
        let mut client = host.client().await;
        let opened = client.stream("GET", "/party/r/events", empty()).await;
        let mut events = opened.expect("the head comes before the end");
        assert_eq!(events.next().await.expect("an event").expect("no error"), "data: 1\n\n");
        assert_eq!(seen(&host).await, "[]");
        let before = host.get("/party/r/born").await.text();
        drop((events, client));
        until_seen(&host, r#"["abort","cancel"]"#).await;
        // Nothing holds the room any more: it leaves memory and is born again.
        eventually("the room has left memory", || async {
            // The time after which an idle room goes, with room to spare.
            tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
            (host.get("/party/r/born").await.text() != before).then_some(())
        })
        .await;
    });
}

#[test]
fn whoever_stays_to_the_end_aborts_nothing() {
    run(async {
        let host = Host::start(&Project::single(MAIN));
        assert_eq!(host.get("/party/r/whole").await.text(), "whole");
        assert_eq!(host.get("/party/r/stream").await.text(), "streamed");
        // An abort would be an event of the room before these.
        for _ in 0..10 {
            assert_eq!(host.get("/party/r/stream").await.text(), "streamed");
        }
        assert_eq!(seen(&host).await, r#"["aborted false"]"#);
    });
}

#[test]
fn a_static_handler_is_told_as_well() {
    run(async {
        let host = Host::start(&Project::single(MAIN));
        ask_and_leave(&host, "/wait", r#"["?waiting"]"#).await;
        until_seen(&host, r#"["?waiting","?abort"]"#).await;
    });
}
