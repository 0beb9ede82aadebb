//! Bodies that are still on their way: what a list of cases cannot say, because one end waits for
//! the other in the middle (spec A-83, R-12).

use bytes::Bytes;
use futures::{SinkExt, channel::mpsc};

use crate::support::{Host, Project, eventually, run};

/// Answers piece by piece; tells over another room's request how far it has got.
const STREAMS: &str = r#"
const text = new TextEncoder();

export default class Streams {
  constructor(room) { this.room = room; this.produced = 0; this.cancelled = false; }

  async onRequest(request) {
    switch (new URL(request.url).pathname.split("/").at(-1)) {
      case "upper": {
        const upper = new TransformStream({
          transform: (chunk, to) => to.enqueue(text.encode(new TextDecoder().decode(chunk).toUpperCase())),
        });
        return new Response(request.body.pipeThrough(upper));
      }
      case "gate": {
        // The head and the first piece leave now, the rest when somebody opens the gate.
        const { readable, writable } = new TransformStream();
        const writer = writable.getWriter();
        writer.write(text.encode("first "));
        this.open = () => { writer.write(text.encode("second")); writer.close(); };
        return new Response(readable);
      }
      case "open": this.open(); return new Response("opened");
      case "endless":
        return new Response(new ReadableStream({
          pull: (controller) => { this.produced += 65536; controller.enqueue(new Uint8Array(65536)); },
          cancel: () => { this.cancelled = true; },
        }));
      case "breaks":
        return new Response(new ReadableStream({
          start: (controller) => {
            controller.enqueue(text.encode("begun "));
            this.fail = () => controller.error(new Error("in the middle of the body"));
          },
        }));
      case "break": this.fail(); return new Response("broken");
      case "unread": return new Response("not interested");
    }
    return Response.json({ produced: this.produced, cancelled: this.cancelled });
  }
}
"#;

#[test]
fn pieces_go_through_a_room_in_both_directions() {
    run(async {
        let host = Host::start(&Project::single(STREAMS));
        let mut client = host.client().await;
        let (mut pieces, body) = mpsc::channel::<Bytes>(1);
        let answer =
            tokio::spawn(async move { client.stream("POST", "/party/a/upper", body).await });
        pieces.send("one ".into()).await.expect("the body is read");
        let mut answer = answer.await.expect("no panic").expect("the head comes before the end");
        assert_eq!(answer.status, 200);
        let first = answer.next().await.expect("a piece").expect("no error");
        assert_eq!(first, "ONE ");
        // Only now does the second piece leave: the first has been all the way round.
        pieces.send("two".into()).await.expect("the body is read");
        let second = answer.next().await.expect("a piece").expect("no error");
        assert_eq!(second, "TWO");
        drop(pieces);
        assert!(answer.next().await.is_none(), "the answer ends with the request");
    });
}

#[test]
fn an_answer_begins_before_it_is_complete() {
    run(async {
        let host = Host::start(&Project::single(STREAMS));
        let mut client = host.client().await;
        let opened = client.stream("GET", "/party/a/gate", futures::stream::empty()).await;
        let mut answer = opened.expect("the head comes before the end");
        assert!(answer.headers.get("content-length").is_none(), "nobody knows how long it gets");
        assert_eq!(answer.next().await.expect("a piece").expect("no error"), "first ");
        assert_eq!(host.get("/party/a/open").await.text(), "opened");
        assert_eq!(answer.next().await.expect("a piece").expect("no error"), "second");
        assert!(answer.next().await.is_none());
    });
}

#[test]
fn a_client_that_does_not_read_holds_the_room_back_and_one_that_leaves_ends_it() {
    // Whatever the kernel and the host keep for one connection, with room to spare.
    const PRODUCED_MAX: u64 = 64 << 20;
    run(async {
        let host = Host::start(&Project::single(STREAMS));
        let mut client = host.client().await;
        let opened = client.stream("GET", "/party/a/endless", futures::stream::empty()).await;
        let mut answer = opened.expect("the head comes before the end");
        answer.next().await.expect("a piece").expect("no error");
        let state = || async { host.get("/party/a/state").await.ok().json() };
        // Until it makes no progress any more between two looks.
        let mut before = 0;
        loop {
            let produced = state().await["produced"].as_u64().expect("a number");
            assert!(produced < PRODUCED_MAX, "nothing holds the room back");
            if produced == before {
                break;
            }
            before = produced;
            // The time over which progress is measured.
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        drop((answer, client));
        eventually("the stream is cancelled", || async {
            (state().await["cancelled"] == true).then_some(())
        })
        .await;
    });
}

#[test]
fn an_answer_that_fails_half_way_is_broken_off() {
    run(async {
        let mut host = Host::start(&Project::single(STREAMS));
        let mut client = host.client().await;
        let opened = client.stream("GET", "/party/a/breaks", futures::stream::empty()).await;
        let mut answer = opened.expect("the head comes before the end");
        assert_eq!(answer.next().await.expect("a piece").expect("no error"), "begun ");
        assert_eq!(host.get("/party/a/break").await.text(), "broken");
        // A body that ended well would pass for complete.
        match answer.next().await {
            Some(Err(_)) => {}
            Some(Ok(piece)) => panic!("nobody sent {piece:?}"),
            None => panic!("the answer ended as if it were complete"),
        }
        assert_eq!(host.get("/party/a/unread").await.text(), "not interested");
        host.assert_alive();
    });
}

#[test]
fn a_body_that_nobody_reads_does_not_stop_the_connection() {
    run(async {
        let host = Host::start(&Project::single(STREAMS));
        let mut client = host.client().await;
        let pieces = futures::stream::iter(std::iter::repeat_n(Bytes::from(vec![0; 65536]), 32));
        let mut answer = client.stream("POST", "/party/a/unread", pieces).await.expect("an answer");
        assert_eq!(answer.next().await.expect("a piece").expect("no error"), "not interested");
        assert_eq!(host.get("/party/a/state").await.status, 200);
    });
}
