//! Many rooms, many connections, and a host that has nothing to do.

use std::time::Duration;

use futures::{StreamExt, stream};

use crate::support::{Frame, Host, HostOptions, Project, Socket, eventually, run};

const ROOMS: usize = 2_000;
const CONNECTIONS: usize = 2_000;
const BROADCASTS: usize = 50;

/// Handshakes under way at the same time.
const OPENING_AT_ONCE: usize = 32;

/// The design aims at 2,500 KiB for a live room with an isolate of its own; beyond this something
/// has gone wrong.
const ROOM_KIB_MAX: u64 = 4_000;

const PARTY: &str = r#"
export default class {
  constructor(room) { this.room = room; }
  onMessage(message, sender) {
    if (message.startsWith("all:")) this.room.broadcast(message.slice(4));
    else sender.send(`${this.room.id}:${message}`);
  }
  onRequest() { return Response.json([...this.room.getConnections()].length); }
}
"#;

/// Clock ticks (10 ms each) that the process has used so far.
fn cpu_ticks(host: &Host) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", host.pid()));
    let stat = stat.expect("the process has a stat");
    // The name may hold spaces; what follows its bracket starts with field 3.
    let (_, rest) = stat.rsplit_once(')').expect("the name is in brackets");
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |index: usize| fields[index - 3].parse::<u64>().expect("a number of ticks");
    field(14) + field(15)
}

async fn open_all(host: &Host, paths: Vec<String>) -> Vec<Socket> {
    stream::iter(paths)
        .map(|path| async move { host.open(&path).await })
        .buffered(OPENING_AT_ONCE)
        .collect()
        .await
}

/// The host must use less than two ticks of processor time in three seconds.
async fn assert_idle(host: &Host) {
    // What is still under way comes to an end first: three quiet looks, or the deadline.
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let before = cpu_ticks(host);
        // The time over which the processor time is measured.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let used = cpu_ticks(host) - before;
        if used < 2 {
            println!("idle: {used} ticks in 3 s");
            return;
        }
        assert!(tokio::time::Instant::now() < end, "an idle host uses {used} ticks in 3 s");
    }
}

#[test]
fn two_thousand_rooms_with_a_connection_each() {
    run(async {
        let mut host = Host::start(&Project::single(PARTY));
        host.get("/party/first").await.ok();
        let before = host.memory_kib("VmRSS");
        let started = std::time::Instant::now();
        let paths = (0..ROOMS).map(|index| format!("/party/room-{index}")).collect();
        let mut sockets = open_all(&host, paths).await;
        let took = started.elapsed();
        for (index, socket) in sockets.iter_mut().enumerate() {
            socket.send("hello").await;
            socket.expect_text(&format!("room-{index}:hello")).await;
        }
        let after = host.memory_kib("VmRSS");
        let per_room = (after.saturating_sub(before)) / ROOMS as u64;
        println!(
            "{ROOMS} rooms: {} MiB more, {per_room} KiB per room, opened in {took:.1?}",
            (after - before) >> 10
        );
        assert!(per_room <= ROOM_KIB_MAX, "{per_room} KiB per room");
        assert_idle(&host).await;
        for socket in sockets.iter_mut().step_by(97) {
            socket.send("still here").await;
            let Frame::Text(text) = socket.next().await else { panic!("a socket was closed") };
            assert!(text.ends_with(":still here"), "{text}");
        }
        host.assert_alive();
    });
}

/// Rooms that go to sleep under their connections.
const SLEEPERS: &str = r#"
export default class {
  options = { hibernate: true };
  onMessage(message, sender) { sender.send(message); }
}
"#;
const SLEEPING: usize = 400;

/// What a room may still take when it sleeps with a connection, and what the allocator may keep of all of them.
const SLEEPING_KIB_MAX: u64 = 100;

/// A burst of rooms must not cost its memory forever: neither V8's pages nor the allocator's arenas.
#[test]
fn rooms_that_sleep_give_their_memory_back() {
    run(async {
        let options = HostOptions::flags(&["--hibernate-after", "1"]);
        let host = Host::start_with(&Project::single(SLEEPERS), options);
        host.get("/party/first").await;
        let before = host.memory_kib("VmRSS");
        let paths = (0..SLEEPING).map(|index| format!("/party/room-{index}")).collect();
        let mut sockets = open_all(&host, paths).await;
        let awake = host.memory_kib("VmRSS").saturating_sub(before);
        assert!(awake > SLEEPING as u64 * 500, "they were not awake: {awake} KiB");
        eventually("their memory has gone back", || async {
            let left = host.memory_kib("VmRSS").saturating_sub(before) / SLEEPING as u64;
            (left <= SLEEPING_KIB_MAX).then_some(())
        })
        .await;
        sockets[0].send("awake again").await;
        sockets[0].expect_text("awake again").await;
    });
}

/// Every request burns two milliseconds; `/timer` answers when a timer of 50 ms has fired.
const BUSY: &str = r#"
export default class {
  async onRequest(request) {
    if (new URL(request.url).pathname.endsWith("/timer")) {
      await new Promise((done) => setTimeout(done, 50));
      return new Response("fired");
    }
    const end = Date.now() + 2;
    while (Date.now() < end);
    return new Response("burnt");
  }
}
"#;

/// What is due on a shard does not wait until nothing more comes in.
#[test]
fn timers_fire_while_requests_pour_in() {
    run(async {
        let host = Host::start_with(&Project::single(BUSY), HostOptions::flags(&["--shards", "1"]));
        let pouring = async {
            let rooms = (0..32).map(|index| format!("/party/loud-{}", index % 8));
            let forever = rooms.map(|path| {
                let host = &host;
                async move {
                    loop {
                        host.get(&path).await.ok();
                    }
                }
            });
            futures::future::join_all(forever).await;
        };
        let timers = async {
            for _ in 0..5 {
                let began = std::time::Instant::now();
                assert_eq!(host.get("/party/quiet/timer").await.ok().text(), "fired");
                assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
            }
        };
        tokio::select! {
            () = timers => {}
            () = pouring => {}
        }
    });
}

#[test]
fn two_thousand_connections_in_one_room_get_every_broadcast_in_order() {
    run(async {
        let mut host = Host::start(&Project::single(PARTY));
        let mut sender = host.open("/party/hall?_pk=sender").await;
        let before = host.memory_kib("VmRSS");
        let paths = (0..CONNECTIONS).map(|index| format!("/party/hall?_pk=c{index}")).collect();
        let sockets = open_all(&host, paths).await;
        let after = host.memory_kib("VmRSS");
        println!("{} KiB per connection", (after.saturating_sub(before)) / CONNECTIONS as u64);
        assert_eq!(host.get("/party/hall").await.text(), (CONNECTIONS + 1).to_string());
        let readers: Vec<_> = sockets
            .into_iter()
            .map(|mut socket| {
                tokio::spawn(async move {
                    for number in 0..BROADCASTS {
                        socket.expect_text(&number.to_string()).await;
                    }
                    socket
                })
            })
            .collect();
        for number in 0..BROADCASTS {
            sender.send(&format!("all:{number}")).await;
        }
        let mut sockets = Vec::new();
        for reader in readers {
            sockets.push(reader.await.expect("everybody gets every broadcast in order"));
        }
        for number in 0..BROADCASTS {
            sender.expect_text(&number.to_string()).await;
        }
        assert_idle(&host).await;
        drop(sockets);
        eventually("everybody has left", || async {
            (host.get("/party/hall").await.text() == "1").then_some(())
        })
        .await;
        host.assert_alive();
    });
}

#[test]
fn a_host_without_rooms_is_idle() {
    run(async {
        let host = Host::start(&Project::single(PARTY));
        assert_idle(&host).await;
        let options = HostOptions { command: "dev", ..Default::default() };
        let watching = Host::start_with(&Project::single(PARTY), options);
        assert_idle(&watching).await;
    });
}
