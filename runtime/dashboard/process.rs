//! What the system says about this process: memory, processor time, file descriptors, mappings.
//!
//! Read from /proc when somebody looks; what a system does not tell is null. Counting the mappings of
//! a process with many rooms takes the kernel milliseconds, so that figure is kept for a while.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a count of the mappings holds.
const MAPPINGS_HOLD: Duration = Duration::from_secs(5);

/// Milliseconds of one tick of /proc/self/stat: Linux has counted in hundredths since ever.
const TICK_MS: u64 = 10;

#[derive(Debug, Default)]
pub struct Process {
    mappings: Mutex<Option<(Instant, usize)>>,
}

impl Process {
    /// May take some milliseconds: not for a thread that serves.
    pub fn read(&self) -> Value {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = |name: &str| -> Option<u64> {
            let line =
                status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().trim_end_matches(" kB").trim().parse().ok()
        };
        json!({
            "pid": std::process::id(),
            "memory": line("VmRSS").map(|kib| kib << 10),
            "memoryPeak": line("VmHWM").map(|kib| kib << 10),
            "threads": line("Threads"),
            "cpu": cpu_ms(),
            "descriptors": { "used": descriptors(), "limit": descriptors_max() },
            "mappings": { "used": self.mappings(), "limit": mappings_max() },
        })
    }

    fn mappings(&self) -> Option<usize> {
        let mut kept = self.mappings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, count)) = *kept
            && at.elapsed() < MAPPINGS_HOLD
        {
            return Some(count);
        }
        let maps = fs::read("/proc/self/maps").ok()?;
        let count = maps.iter().filter(|byte| **byte == b'\n').count();
        *kept = Some((Instant::now(), count));
        Some(count)
    }
}

/// Time on processors, of all threads.
fn cpu_ms() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in parentheses, may contain anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) * TICK_MS)
}

fn descriptors() -> Option<u64> {
    // Newer kernels count them; older ones say 0, and then every one is looked at.
    match fs::metadata("/proc/self/fd").ok()?.len() {
        0 => Some(fs::read_dir("/proc/self/fd").ok()?.count() as u64),
        count => Some(count),
    }
}

fn descriptors_max() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn mappings_max() -> Option<u64> {
    fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells_everything() {
        let told = Process::default().read();
        for name in ["memory", "memoryPeak", "threads"] {
            assert!(told[name].as_u64().unwrap() > 0, "{name}: {told}");
        }
        assert!(told["cpu"].is_u64());
        for name in ["descriptors", "mappings"] {
            let (used, limit) = (told[name]["used"].as_u64(), told[name]["limit"].as_u64());
            assert!(used.unwrap() > 2 && used < limit, "{name}: {told}");
        }
    }
}
