//! Hot keys: what a developer types into the terminal of a running host (K-11).
//!
//! `serve` starts them in `dev` when standard input is a terminal that we are in the foreground of,
//! and asks now and then what was pressed. The terminal then gives single keys without echo, and is
//! put back when this value goes; signals (Ctrl-C, Ctrl-Z) stay with the terminal.
//!
//! Never reads a pipe: whoever starts a host from a script keeps its input. A terminal that cannot
//! be set has no hot keys.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// Keys that wait to be looked at; further ones are dropped.
const WAITING_MAX: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Browser,
    Clear,
    Exit,
    /// Enter: a gap in the log.
    Gap,
}

impl Key {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte.to_ascii_lowercase() {
            b'b' => Self::Browser,
            b'c' => Self::Clear,
            b'x' | b'q' => Self::Exit,
            b'\n' | b'\r' => Self::Gap,
            _ => return None,
        })
    }
}

pub struct HotKeys {
    pressed: Receiver<Key>,
    before: Termios,
}

impl HotKeys {
    /// `None` if there is nobody to press a key.
    pub fn start() -> Option<Self> {
        if !is_foreground() {
            return None;
        }
        let input = std::io::stdin();
        // An error: it is no terminal.
        let before = tcgetattr(&input).ok()?;
        let mut single = before.clone();
        single.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO);
        single.special_codes[SpecialCodeIndex::VMIN] = 1;
        single.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&input, OptionalActions::Now, &single).ok()?;
        let (press, pressed) = sync_channel(WAITING_MAX);
        let keys = Self { pressed, before };
        // Ends with the process: a read of a terminal cannot be called off.
        let reader = std::thread::Builder::new().name("keys".into()).spawn(move || {
            let mut byte = [0];
            while input.lock().read(&mut byte).is_ok_and(|count| count > 0) {
                if let Some(key) = Key::of(byte[0])
                    && let Err(std::sync::mpsc::TrySendError::Disconnected(_)) = press.try_send(key)
                {
                    return;
                }
            }
        });
        reader.is_ok().then_some(keys)
    }

    pub fn pressed(&self) -> Option<Key> {
        self.pressed.try_recv().ok()
    }
}

impl Drop for HotKeys {
    fn drop(&mut self) {
        // A terminal that has gone needs nothing any more.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Whether the terminal listens to our process group. One in the background that touched it would
/// be stopped. Where the system does not tell, we hope.
fn is_foreground() -> bool {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return true };
    // After the name, which may hold spaces: state, parent, group, session, terminal, its group.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    fields.len() > 5 && fields[2] == fields[5]
}

/// Opens a page in the browser of this desktop.
pub fn open_browser(url: &str) -> std::io::Result<()> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let nothing = Stdio::null;
    let mut child = Command::new(opener)
        .arg(url)
        .stdin(nothing())
        .stdout(nothing())
        .stderr(nothing())
        .spawn()?;
    // Waited for by a thread, so that it leaves no zombie.
    std::thread::Builder::new().name("browser".into()).spawn(move || child.wait())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_11_keys_mean_what_they_mean_in_partykit() {
        let keys = b"bBcxqX\n\rz\x1b".map(Key::of);
        let [exit, gap] = [Some(Key::Exit), Some(Key::Gap)];
        let browser = Some(Key::Browser);
        assert_eq!(
            keys,
            [browser, browser, Some(Key::Clear), exit, exit, exit, gap, gap, None, None]
        );
    }
}
