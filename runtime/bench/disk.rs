//! How often a disk can sync: what a write that must be durable costs at least on this machine.
//!
//! `scripts/bench` says it beside the durable writes of the hosts. Writes one file in the folder it
//! is given and removes it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use super::BenchError;

/// Bytes per write: a page, as a database's log writes them.
const WRITE_BYTES: usize = 4096;

/// Appends a page and syncs, one after the other, for `duration`; syncs per second.
pub fn sync_rate(folder: &Path, duration: Duration) -> Result<f64, BenchError> {
    let path = folder.join(format!("sync-rate-{}", std::process::id()));
    let counted = count(&path, duration);
    // It is only a measurement's file; the next run does not meet its name.
    let _ = fs::remove_file(&path);
    counted.map_err(BenchError::io(format!("write to {}", path.display())))
}

fn count(path: &Path, duration: Duration) -> std::io::Result<f64> {
    let mut file = File::create(path)?;
    let start = Instant::now();
    let mut syncs = 0u32;
    while start.elapsed() < duration {
        file.write_all(&[0x5a; WRITE_BYTES])?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / start.elapsed().as_secs_f64())
}
