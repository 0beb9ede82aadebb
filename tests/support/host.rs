//! A host process: `houseparty start|dev --json --port 0`, from the ready line to its end.
//!
//! The process listens on 127.0.0.1, keeps its state in a fresh folder unless it is given one, and
//! ends with this value. Its output is collected line by line; a test that fails shows it through
//! `Host::output`. Never kills any process but its own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::Client;
use super::project::{Project, fresh_folder};
use super::socket::Socket;
use super::{Answer, DEADLINE};

/// How to start a host.
#[derive(Clone)]
pub struct HostOptions {
    pub command: &'static str,
    pub flags: Vec<String>,
    /// Where state is kept; nothing means a fresh folder.
    pub persist: Option<PathBuf>,
    /// Output for programs, or for people.
    pub json: bool,
    /// Further variables of the process's environment.
    pub env: Vec<(String, String)>,
    /// A program and its arguments that runs the host in its own place.
    pub under: Vec<String>,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            command: "start",
            flags: Vec::new(),
            persist: None,
            json: true,
            env: Vec::new(),
            under: Vec::new(),
        }
    }
}

impl HostOptions {
    pub fn flags(flags: &[&str]) -> Self {
        Self { flags: flags.iter().map(|&flag| flag.to_owned()).collect(), ..Self::default() }
    }

    pub fn persist(folder: &Path) -> Self {
        Self { persist: Some(folder.to_owned()), ..Self::default() }
    }
}

/// The lines of both outputs, in the order in which they came.
#[derive(Default)]
struct Output {
    lines: Mutex<Lines>,
    grown: Condvar,
}

#[derive(Default)]
struct Lines {
    text: Vec<String>,
    open_ends: usize,
}

impl Output {
    fn follow(self: &Arc<Self>, end: impl Read + Send + 'static) {
        self.lines.lock().expect("no reader panics").open_ends += 1;
        let output = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(end).lines().map_while(Result::ok) {
                output.lines.lock().expect("no reader panics").text.push(line);
                output.grown.notify_all();
            }
            output.lines.lock().expect("no reader panics").open_ends -= 1;
            output.grown.notify_all();
        });
    }

    fn text(&self) -> String {
        self.lines.lock().expect("no reader panics").text.join("\n")
    }

    /// The first line from `from` on for which `find` gives something, and where the next search
    /// starts.
    fn wait<T>(
        &self,
        from: usize,
        deadline: Duration,
        find: impl Fn(&str) -> Option<T>,
    ) -> Option<(T, usize)> {
        let end = Instant::now() + deadline;
        let mut seen = from;
        let mut lines = self.lines.lock().expect("no reader panics");
        loop {
            while seen < lines.text.len() {
                seen += 1;
                if let Some(found) = find(&lines.text[seen - 1]) {
                    return Some((found, seen));
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || lines.open_ends == 0 {
                return None;
            }
            lines = self.grown.wait_timeout(lines, left).expect("no reader panics").0;
        }
    }
}

/// A process that was started and may or may not be serving.
struct Process {
    child: Child,
    output: Arc<Output>,
}

impl Process {
    fn spawn(project: &Project, options: &HostOptions, persist: &Path) -> Self {
        let words = options.under.iter().map(String::as_str);
        let mut words = words.chain([env!("CARGO_BIN_EXE_houseparty")]);
        let mut command = Command::new(words.next().expect("the host is a word"));
        command.args(words).arg(options.command).arg("-c").arg(project.config());
        command.args(["--port", "0", "--persist"]).arg(persist).args(&options.flags);
        command.envs(options.env.iter().cloned());
        if options.json {
            command.arg("--json");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the host can be started");
        let output = Arc::new(Output::default());
        output.follow(child.stdout.take().expect("stdout is piped"));
        output.follow(child.stderr.take().expect("stderr is piped"));
        Self { child, output }
    }

    fn wait_end(&mut self, deadline: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + deadline;
        loop {
            if let Some(status) = self.child.try_wait().expect("the process can be waited for") {
                return Some(status);
            }
            if Instant::now() > end {
                return None;
            }
            // Between two looks whether the process has ended.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A host that serves.
pub struct Host {
    process: Process,
    address: SocketAddr,
    ready: Value,
    options: HostOptions,
    persist: PathBuf,
    _state: Option<tempfile::TempDir>,
}

impl Host {
    pub fn start(project: &Project) -> Self {
        Self::start_with(project, HostOptions::default())
    }

    pub fn start_with(project: &Project, options: HostOptions) -> Self {
        match Self::try_start(project, options) {
            Ok(host) => host,
            Err(ended) => {
                panic!("the host did not start (exit {:?}):\n{}", ended.code, ended.output)
            }
        }
    }

    /// A host that serves, or what it said before it ended.
    pub fn try_start(project: &Project, options: HostOptions) -> Result<Self, Ended> {
        let state = options.persist.is_none().then(fresh_folder);
        let persist = match (&options.persist, &state) {
            (Some(folder), _) => folder.clone(),
            (None, Some(state)) => state.path().to_owned(),
            (None, None) => unreachable!("one of both is set"),
        };
        let mut process = Process::spawn(project, &options, &persist);
        let ready = process.output.wait(0, DEADLINE * 2, ready_line);
        let Some((ready, _)) = ready else {
            let status = process.wait_end(Duration::from_secs(2));
            let code = status.and_then(|status| status.code());
            return Err(Ended { code, output: process.output.text() });
        };
        let port = ready["port"].as_u64().expect("the ready line has a port");
        let port = u16::try_from(port).expect("a port has 16 bits");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self { process, address, ready, options, persist, _state: state })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The ready line.
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// A line of the process's status in KiB: `VmRSS` for now, `VmHWM` for the most it ever was.
    pub fn memory_kib(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.expect("the process has a status");
        let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let value = value.expect("the status has the line");
        value.trim().trim_end_matches(" kB").parse().expect("the value is a number")
    }

    /// Everything the host has printed so far.
    pub fn output(&self) -> String {
        self.process.output.text()
    }

    /// Waits for a line of output that contains `text`.
    pub fn wait_for_output(&self, text: &str) -> String {
        let found = self
            .process
            .output
            .wait(0, DEADLINE, |line| line.contains(text).then(|| line.to_owned()));
        match found {
            Some((line, _)) => line,
            None => panic!("the host never printed `{text}`; it printed:\n{}", self.output()),
        }
    }

    /// Opens a WebSocket.
    pub async fn open(&self, path: &str) -> Socket {
        Socket::open(self.address, path).await
    }

    /// A client that keeps its connection.
    pub async fn client(&self) -> Client {
        Client::connect(self.address).await.expect("the host accepts connections")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    /// One request over a connection of its own.
    pub async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut client = self.client().await;
        let body = body.to_owned().into();
        match client.request(method, path, &[], body).await {
            Ok(answer) => answer,
            Err(error) => panic!("{method} {path}: {error}\nthe host printed:\n{}", self.output()),
        }
    }

    /// The process must still be there.
    pub fn assert_alive(&mut self) {
        let ended = self.process.child.try_wait().expect("the process can be waited for");
        assert!(ended.is_none(), "the host has ended ({ended:?}):\n{}", self.output());
    }

    /// SIGKILL: the process has no chance to finish anything.
    pub fn kill(&mut self) {
        self.process.child.kill().expect("the process can be killed");
        self.process.child.wait().expect("the process can be waited for");
    }

    /// SIGTERM, without waiting for the end.
    pub fn terminate(&self) {
        let status = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status()
            .expect("kill can be run");
        assert!(status.success(), "the process can be asked to end");
    }

    /// Waits until the process has ended by itself.
    pub fn wait_end(&mut self) -> ExitStatus {
        match self.process.wait_end(DEADLINE) {
            Some(status) => status,
            None => panic!("the host does not end; it printed:\n{}", self.output()),
        }
    }

    /// Another process on the same state, after this one has ended (or is killed now). The address
    /// changes.
    pub fn restart(&mut self, project: &Project) {
        self.kill();
        let options = HostOptions { persist: Some(self.persist.clone()), ..self.options.clone() };
        let next = Self::start_with(project, options);
        self.address = next.address;
        self.ready = next.ready.clone();
        self.process = next.process;
    }
}

/// The ready line for programs, or what stands for it in the one for people.
fn ready_line(line: &str) -> Option<Value> {
    if let Some((_, address)) = line.split_once("Ready on http://") {
        let port: u16 = address.rsplit_once(':')?.1.parse().ok()?;
        return Some(serde_json::json!({ "port": port }));
    }
    let line: Value = serde_json::from_str(line).ok()?;
    (line["event"] == "ready").then_some(line)
}

/// A host that ended before it served.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub output: String,
}

/// Runs `houseparty check` (or another command that ends) on a project.
pub fn run_command(project: &Project, command: &str) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_houseparty"))
        .arg(command)
        .arg("-c")
        .arg(project.config())
        .stdin(Stdio::null())
        .output()
        .expect("the host can be started");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ended { code: output.status.code(), output: text }
}
