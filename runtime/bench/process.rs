//! What the host costs: CPU time and resident memory of a process and its children, from /proc.
//!
//! Children count because other hosts start some (`partykit dev` runs workerd as one). Linux only;
//! elsewhere, and for a process that has ended, there is an error.

use std::collections::HashMap;
use std::fs;

use super::BenchError;

/// Unit of the times in /proc/PID/stat: ticks per second, the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU and memory at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub cpu_seconds: f64,
    pub resident_bytes: u64,
}

struct Stat {
    parent: u32,
    ticks: u64,
}

impl Reading {
    pub fn take(pid: u32) -> Result<Self, BenchError> {
        let processes = processes();
        if !processes.contains_key(&pid) {
            return Err(BenchError::Process(pid));
        }
        let mut found = vec![pid];
        let mut next = 0;
        while next < found.len() {
            let parent = found[next];
            found
                .extend(processes.iter().filter(|(_, it)| it.parent == parent).map(|(pid, _)| pid));
            next += 1;
        }
        let ticks: u64 = found.iter().map(|pid| processes[pid].ticks).sum();
        Ok(Self {
            cpu_seconds: ticks as f64 / TICKS_PER_SECOND,
            resident_bytes: found.iter().map(|&pid| resident(pid)).sum(),
        })
    }
}

fn processes() -> HashMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter_map(|pid: u32| Some((pid, stat(pid)?))).collect()
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may contain anything.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, ticks: ticks(11)? + ticks(12)? })
}

/// A process that has just ended has none.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_can_be_read_and_one_that_is_not_there_is_an_error() {
        let reading = Reading::take(std::process::id()).expect("this process is running");
        assert!(reading.resident_bytes > 100_000);
        assert!(matches!(Reading::take(u32::MAX), Err(BenchError::Process(u32::MAX))));
    }
}
