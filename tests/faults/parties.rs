//! Party code that throws, rejects, never ends or eats memory: the room pays, nobody else.

use super::trouble;
use crate::support::{Host, HostOptions, Project, Socket, eventually, run};

/// What a host with a few rooms of at most 32 MiB may ever use, with room to spare.
const PROCESS_MIB_MAX: u64 = 1_024;

/// A room that has nothing to do with the trouble, with an open socket that must stay.
struct Bystander {
    socket: Socket,
}

impl Bystander {
    async fn new(host: &Host) -> Self {
        let mut socket = host.open("/party/bystander").await;
        socket.send("before").await;
        socket.expect_text("echo:before").await;
        Self { socket }
    }

    async fn noticed_nothing(mut self, host: &mut Host) {
        self.socket.send("after").await;
        self.socket.expect_text("echo:after").await;
        assert_eq!(host.get("/party/newcomer").await.text(), "fine");
        host.assert_alive();
    }
}

#[test]
fn an_exception_is_an_answer_and_a_line_in_the_log() {
    run(async {
        let mut host = trouble(&[]);
        let bystander = Bystander::new(&host).await;
        let mut socket = host.open("/party/troubled").await;
        let answer = host.get("/party/troubled/throw").await;
        assert_eq!((answer.status, answer.text().as_str()), (500, "thrown on purpose"));
        socket.send("throw").await;
        socket.send("on").await;
        socket.expect_text("echo:on").await;
        host.wait_for_output("thrown on purpose");
        bystander.noticed_nothing(&mut host).await;
    });
}

/// The act is answered and its error logged; the room, its sockets and its fields stay.
fn is_only_logged(act: &str, logged: &str) {
    run(async {
        let mut host = trouble(&[]);
        let bystander = Bystander::new(&host).await;
        let mut socket = host.open("/party/troubled").await;
        let born = host.get("/party/troubled/born").await.ok().text();
        let answer = host.get(&format!("/party/troubled/{act}")).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "answered"));
        host.wait_for_output(logged);
        assert_eq!(host.get("/party/troubled/born").await.text(), born, "the room was stopped");
        socket.send("on").await;
        socket.expect_text("echo:on").await;
        bystander.noticed_nothing(&mut host).await;
    });
}

#[test]
fn an_unhandled_rejection_is_a_line_in_the_log() {
    is_only_logged("reject", "rejected on purpose");
}

#[test]
fn an_exception_in_a_timer_is_a_line_in_the_log() {
    is_only_logged("later", "thrown later on purpose");
}

#[test]
fn an_exception_in_an_event_listener_is_a_line_in_the_log() {
    is_only_logged("listener", "thrown by a listener on purpose");
}

#[test]
fn a_reported_error_is_a_line_in_the_log() {
    is_only_logged("report", "reported on purpose");
}

/// The room breaks alone: its sockets close 1011, what it stored stays, the next event starts it.
async fn breaks_alone(host: &mut Host, act: &str) {
    let bystander = Bystander::new(host).await;
    let mut socket = host.open("/party/troubled").await;
    assert_eq!(host.get("/party/troubled/keep").await.text(), "kept");
    let born = host.get("/party/troubled/born").await.ok().text();
    let answer = host.get(&format!("/party/troubled/{act}")).await;
    assert!(answer.status >= 500, "{act}: {} {}", answer.status, answer.text());
    socket.expect_close(1011).await;
    let again = host.get("/party/troubled/born").await.ok().text();
    assert_ne!(born, again, "{act}: the room was not started again");
    assert_eq!(host.get("/party/troubled/kept").await.text(), "yes", "{act}");
    let mut socket = host.open("/party/troubled").await;
    socket.send("back").await;
    socket.expect_text("echo:back").await;
    bystander.noticed_nothing(host).await;
}

#[test]
fn a_loop_is_stopped_at_the_turn_deadline() {
    run(async {
        let mut host = trouble(&["--turn-deadline", "1"]);
        breaks_alone(&mut host, "loop").await;
    });
}

/// Half of what a turn wanted to write.
const HALF: &str = r#"
export default class {
  constructor(room) { this.room = room; }
  async onRequest(request) {
    const { storage } = this.room;
    if (request.method === "POST") {
      storage.put("half", 1);
      while (true);
    }
    return Response.json([...(await storage.list()).keys()]);
  }
}
"#;

/// GATE-29: a turn that is cut off in the middle writes nothing.
#[test]
fn what_a_turn_wrote_that_was_cut_off_is_not_kept() {
    run(async {
        let flags = HostOptions::flags(&["--turn-deadline", "1"]);
        let host = Host::start_with(&Project::single(HALF), flags);
        assert_eq!(host.send("POST", "/party/room", "").await.status, 500);
        assert_eq!(host.get("/party/room").await.ok().text(), "[]");
    });
}

/// A start that takes its time.
const LATE: &str = r#"
export default class {
  async onStart() { await new Promise((done) => setTimeout(done, 1500)); }
  onRequest() { return new Response("in time"); }
}
"#;

/// Who waits for a room to start is not sent away by a host that stops.
#[test]
fn a_host_that_stops_answers_those_who_wait_for_a_start() {
    run(async {
        let mut host = Host::start(&Project::single(LATE));
        let asked = host.get("/party/late");
        let stopped = async {
            // The request is on its way by then; nothing else depends on how long it is.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            host.terminate();
        };
        let (answer, ()) = futures::join!(asked, stopped);
        assert_eq!((answer.status, answer.text().as_str()), (200, "in time"));
        host.wait_end();
    });
}

/// More than a client may leave unread, before it can read anything.
const FULL: &str = r#"
export default class {
  onConnect(connection) {
    for (let part = 0; part < 12; part++) connection.send("x".repeat(1 << 20));
    connection.send("the end");
  }
}
"#;

/// W-04: what a client would miss closes it; nothing is left out silently.
#[test]
fn a_greeting_that_is_too_long_closes_with_1008() {
    run(async {
        let host = Host::start(&Project::single(FULL));
        let mut socket = host.open("/party/room").await;
        let (_, last) = socket.drain().await;
        assert!(matches!(last, crate::support::Frame::Close { code: 1008, .. }), "{last:?}");
    });
}

#[test]
fn a_loop_in_on_message_is_stopped_at_the_turn_deadline() {
    run(async {
        let mut host = trouble(&["--turn-deadline", "1"]);
        let bystander = Bystander::new(&host).await;
        let mut looping = host.open("/party/troubled").await;
        let mut other = host.open("/party/troubled").await;
        looping.send("loop").await;
        looping.expect_close(1011).await;
        other.expect_close(1011).await;
        bystander.noticed_nothing(&mut host).await;
    });
}

#[test]
fn a_loop_in_a_microtask_is_stopped_at_the_turn_deadline() {
    run(async {
        let mut host = trouble(&["--turn-deadline", "1"]);
        let bystander = Bystander::new(&host).await;
        let mut socket = host.open("/party/troubled").await;
        let answer = host.get("/party/troubled/loop-later").await;
        assert!(answer.status >= 500, "{} {}", answer.status, answer.text());
        socket.expect_close(1011).await;
        bystander.noticed_nothing(&mut host).await;
    });
}

#[test]
fn a_room_that_eats_memory_breaks_alone() {
    run(async {
        let mut host = trouble(&["--heap-limit", "32"]);
        breaks_alone(&mut host, "eat").await;
        let peak = host.memory_kib("VmHWM") >> 10;
        assert!(peak < PROCESS_MIB_MAX, "a room of 32 MiB has used {peak} MiB");
    });
}

#[test]
fn a_room_that_eats_memory_in_buffers_breaks_alone() {
    run(async {
        let mut host = trouble(&["--heap-limit", "32"]);
        breaks_alone(&mut host, "buffers").await;
        // Buffers lie outside of V8's heap; they are memory of the room all the same.
        let peak = host.memory_kib("VmHWM") >> 10;
        assert!(peak < PROCESS_MIB_MAX, "a room of 32 MiB has used {peak} MiB");
    });
}

#[test]
fn endless_recursion_is_an_exception() {
    run(async {
        let mut host = trouble(&[]);
        let bystander = Bystander::new(&host).await;
        let answer = host.get("/party/troubled/deep").await;
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains("Maximum call stack size exceeded"), "{}", answer.text());
        bystander.noticed_nothing(&mut host).await;
    });
}

/// Several rooms of one shard break at the same time, again and again.
#[test]
fn many_rooms_break_at_the_same_time() {
    run(async {
        let mut host = trouble(&["--heap-limit", "32", "--turn-deadline", "1"]);
        let bystander = Bystander::new(&host).await;
        let breaking = (0..4).map(|index| {
            let host = &host;
            async move {
                let act = if index % 2 == 0 { "eat" } else { "loop" };
                let answer = host.get(&format!("/party/troubled-{index}/{act}")).await;
                assert!(answer.status >= 500, "{act}: {} {}", answer.status, answer.text());
                assert_eq!(host.get(&format!("/party/troubled-{index}")).await.text(), "fine");
            }
        });
        futures::future::join_all(breaking).await;
        bystander.noticed_nothing(&mut host).await;
    });
}

/// WS-37: sockets of a room that cannot start again are not left to nobody.
#[test]
fn a_room_that_cannot_wake_up_closes_its_sockets() {
    let main = "export default class {
      options = { hibernate: true };
      constructor(room) { this.room = room; this.born = crypto.randomUUID(); }
      async onStart() {
        const starts = ((await this.room.storage.get('starts')) ?? 0) + 1;
        await this.room.storage.put('starts', starts);
        if (this.room.id === 'tired' && starts > 1) throw new Error('cannot get up');
      }
      onMessage(message, connection) { connection.send(this.born); }
      onRequest() { return new Response(this.born); }
    }";
    run(async {
        let flags = HostOptions::flags(&["--hibernate-after", "1"]);
        let mut host = Host::start_with(&Project::single(main), flags);
        let mut tired = host.open("/party/tired").await;
        let mut awake = host.open("/party/rested").await;
        tired.send("x").await;
        tired.next().await;
        // Another room that has gone to sleep says when this one has, too.
        awake.send("x").await;
        let born = awake.next().await;
        eventually("the rooms sleep", || async {
            tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
            let now = host.get("/party/rested").await.text();
            (crate::support::Frame::Text(now) != born).then_some(())
        })
        .await;
        tired.send("wake up").await;
        let reason = tired.expect_close(1011).await;
        assert!(reason.contains("cannot get up"), "{reason}");
        awake.send("x").await;
        awake.next().await;
        host.assert_alive();
    });
}
