//! What a message costs, counted and not timed: a change that makes the host do much more for one fails,
//! on a busy machine as on a quiet one.
//!
//! A preloaded library (count.c) counts allocations and calls on sockets, valgrind counts instructions.
//! Each workload runs until nothing is cold, then a fixed number of messages counts. The bounds are about
//! a third above what was measured; whoever lowers a cost lowers its bound.

use std::path::PathBuf;
use std::process::Command;

use crate::support::project::{fresh_folder, repository};
use crate::support::{Client, Frame, Host, HostOptions, Project, Socket, run};

/// Not counted: what V8 compiles and the host allocates once.
const WARM_UP: usize = 3_000;
const COUNTED: usize = 4_000;
const LISTENERS: usize = 50;

/// Where count.c keeps its counters, in its order.
struct Counters {
    folder: tempfile::TempDir,
}

/// What was counted, per message.
#[derive(Debug)]
struct Cost {
    allocations: f64,
    sends: f64,
    receives: f64,
}

impl Counters {
    fn new() -> Self {
        let counters = Self { folder: fresh_folder() };
        let built = Command::new("clang")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(counters.path("count.so"))
            .arg(repository().join("tests/guard/count.c"))
            .output()
            .expect("clang can be run");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        std::fs::write(counters.path("counts"), [0; 5 * 8]).expect("the counters can be written");
        counters
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn host(&self) -> Host {
        let variable =
            |name: &str, file: &str| (name.into(), self.path(file).display().to_string());
        let env = vec![variable("LD_PRELOAD", "count.so"), variable("HOUSEPARTY_COUNTS", "counts")];
        let options = HostOptions { env, ..HostOptions::flags(&["--shards", "1"]) };
        Host::start_with(&Project::at("bench/project"), options)
    }

    fn read(&self) -> [u64; 5] {
        let bytes = std::fs::read(self.path("counts")).expect("the counters can be read");
        std::array::from_fn(|place| {
            let bytes = bytes[place * 8..][..8].try_into().expect("a counter has 8 bytes");
            u64::from_ne_bytes(bytes)
        })
    }

    /// Each counter's growth since `before`, for each of `messages`.
    fn since(&self, before: [u64; 5], messages: usize) -> Cost {
        let now = self.read();
        let each = |place: usize| (now[place] - before[place]) as f64 / messages as f64;
        Cost { allocations: each(0), sends: each(2), receives: each(3) }
    }
}

impl Cost {
    fn assert_below(&self, what: &str, bound: &Cost) {
        println!("{what}: {self:.2?}");
        let fits = self.allocations <= bound.allocations
            && self.sends <= bound.sends
            && self.receives <= bound.receives;
        assert!(fits, "{what} costs {self:.2?}; it may cost {bound:.2?}");
        // Counters that stand still count nothing.
        assert!(self.sends > 0.9, "{what}: {self:?}");
    }
}

async fn echo(socket: &mut Socket, messages: usize) {
    for _ in 0..messages {
        socket.send("a message of the usual length, which comes back as it was").await;
        assert!(matches!(socket.next().await, Frame::Text(_)), "an echo");
    }
}

/// One sends, all others receive; nobody is more than one message behind.
async fn fan_out(sender: &mut Socket, listeners: &mut [Socket], messages: usize) {
    for _ in 0..messages {
        sender.send("a message of the usual length, for everybody in the room").await;
        for listener in &mut *listeners {
            assert!(matches!(listener.next().await, Frame::Text(_)), "a broadcast");
        }
    }
}

async fn ask(client: &mut Client, requests: usize) {
    for _ in 0..requests {
        let path = "/parties/http/guard";
        let answer = client.request("GET", path, &[], Default::default()).await;
        assert_eq!(answer.expect("the host answers").status, 200);
    }
}

#[test]
fn allocations_and_system_calls() {
    run(async {
        let counters = Counters::new();
        let host = counters.host();

        let mut socket = host.open("/parties/echo/guard").await;
        echo(&mut socket, WARM_UP).await;
        let before = counters.read();
        echo(&mut socket, COUNTED).await;
        let bound = Cost { allocations: 13.0, sends: 1.05, receives: 1.1 };
        counters.since(before, COUNTED).assert_below("an echo", &bound);

        let mut sender = host.open("/parties/fanout/guard").await;
        let mut listeners = Vec::new();
        for _ in 0..LISTENERS {
            listeners.push(host.open("/parties/fanout/guard").await);
        }
        fan_out(&mut sender, &mut listeners, WARM_UP / 10).await;
        let before = counters.read();
        fan_out(&mut sender, &mut listeners, COUNTED / 10).await;
        let bound = Cost { allocations: 0.5, sends: 1.05, receives: 0.1 };
        let deliveries = COUNTED / 10 * LISTENERS;
        counters.since(before, deliveries).assert_below("a delivery of a broadcast", &bound);

        let mut client = host.client().await;
        ask(&mut client, WARM_UP).await;
        let before = counters.read();
        ask(&mut client, COUNTED).await;
        let bound = Cost { allocations: 68.0, sends: 1.1, receives: 1.4 };
        counters.since(before, COUNTED).assert_below("a request into a room", &bound);
    });
}

/// The host under valgrind, whose counter of instructions can be read.
struct Counted {
    host: Host,
    folder: tempfile::TempDir,
    dumps: usize,
}

impl Counted {
    fn start() -> Self {
        let folder = fresh_folder();
        let out = format!("--callgrind-out-file={}/counted", folder.path().display());
        let under = ["valgrind", "-q", "--tool=callgrind", &out].map(str::to_owned).to_vec();
        // Valgrind is about fifty times slower.
        let flags = ["--shards", "1", "--turn-deadline", "300"];
        let options = HostOptions { under, ..HostOptions::flags(&flags) };
        let host = Host::start_with(&Project::at("bench/project"), options);
        Self { host, folder, dumps: 0 }
    }

    /// Instructions since the last time.
    fn take(&mut self) -> f64 {
        let dumped = Command::new("callgrind_control")
            .args(["--dump", &self.host.pid().to_string()])
            .output()
            .expect("callgrind_control can be run");
        assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stdout));
        self.dumps += 1;
        let path = self.folder.path().join(format!("counted.{}", self.dumps));
        let dump = std::fs::read_to_string(path).expect("callgrind has written its dump");
        let totals = dump.lines().find_map(|line| line.strip_prefix("totals: "));
        totals.and_then(|line| line.trim().parse().ok()).expect("the dump has totals")
    }
}

#[test]
fn instructions() {
    run(async {
        let mut counted = Counted::start();
        let mut socket = counted.host.open("/parties/echo/guard").await;
        let mut client = counted.host.client().await;
        echo(&mut socket, WARM_UP).await;
        ask(&mut client, WARM_UP / 3).await;
        counted.take();
        echo(&mut socket, COUNTED).await;
        let echo = counted.take() / COUNTED as f64;
        ask(&mut client, COUNTED / 4).await;
        let request = counted.take() / (COUNTED / 4) as f64;
        println!("instructions: an echo {echo:.0}, a request {request:.0}");
        assert!((5_000.0..47_000.0).contains(&echo), "an echo takes {echo} instructions");
        assert!((20_000.0..165_000.0).contains(&request), "a request takes {request} instructions");
    });
}
