//! One client of each room sends, all of them (the sender, too) receive.
//!
//! A room has at most `window` messages under way; one is through when its last receiver has it.
//! Each receiver checks that every message comes, once and in order. Before the first one, probes
//! make sure that all receivers are in their room.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::echo::{Clients, open_all};
use super::report::Measured;
use super::socket::{Incoming, Reader, Writer};
use super::stamp::{PROBE, Stamp};
use super::tally::{Tally, add};
use super::target::Target;
use super::{BenchError, Plan};

/// Between two probes, in milliseconds.
const PROBE_MS: u64 = 100;

/// Receivers that are not in their room after this time never will be, in seconds.
const PROBE_SECONDS_MAX: u64 = 30;

/// What sender and receivers of one room share.
#[derive(Default)]
struct Room {
    receivers: Cell<usize>,
    present: Cell<usize>,
    /// Number of the first message that is still under way.
    first: Cell<u64>,
    /// For it and those after it: how many have yet to receive it.
    missing: RefCell<VecDeque<usize>>,
    /// A message is through, or all receivers are present.
    progress: Notify,
    /// The sender has stopped after this many messages.
    end: Cell<Option<u64>>,
}

impl Room {
    fn received(&self, number: u64) {
        let mut missing = self.missing.borrow_mut();
        let place = number.checked_sub(self.first.get()).map(|place| place as usize);
        if let Some(left) = place.and_then(|place| missing.get_mut(place)) {
            *left -= 1;
        }
        while missing.front() == Some(&0) {
            missing.pop_front();
            add(&self.first);
            self.progress.notify_one();
        }
    }
}

pub async fn run(plan: &Plan, target: &Target) -> Result<Measured, BenchError> {
    let sockets = open_all(plan, target).await?;
    let tally = Tally::new();
    let rooms: Vec<Rc<Room>> = (0..plan.rooms).map(|_| Rc::default()).collect();
    let mut clients = Clients::new(&tally);
    let mut senders = Vec::new();
    for (index, (reader, writer)) in sockets.into_iter().enumerate() {
        let room = &rooms[index % plan.rooms];
        room.receivers.set(room.receivers.get() + 1);
        let mut writer = Some(writer);
        if index < plan.rooms {
            senders.extend(writer.take().map(|writer| (writer, room.clone())));
        }
        clients.add(receiver(reader, writer, plan.size, room.clone(), tally.clone()));
    }
    for (writer, room) in &mut senders {
        all_present(writer, room, plan.size, &tally).await?;
    }
    for (writer, room) in senders {
        clients.add(sender(writer, plan.size, plan.window, room, tally.clone()));
    }
    clients.run(plan).await
}

async fn all_present(
    writer: &mut Writer,
    room: &Room,
    size: usize,
    tally: &Tally,
) -> Result<(), BenchError> {
    let mut message = vec![b'x'; size];
    Stamp { number: PROBE, nanoseconds: 0 }.write(&mut message);
    let end = Instant::now() + Duration::from_secs(PROBE_SECONDS_MAX);
    while Instant::now() < end {
        writer.push(&message);
        writer.flush().await?;
        let probe = Instant::now() + Duration::from_millis(PROBE_MS);
        while room.present.get() < room.receivers.get() {
            if tokio::time::timeout_at(probe, room.progress.notified()).await.is_err() {
                break;
            }
        }
        if room.present.get() == room.receivers.get() {
            return Ok(());
        }
        if let Some(failure) = tally.failure.borrow().clone() {
            return Err(BenchError::Answer(format!("a receiver failed: {failure}")));
        }
    }
    Err(BenchError::Deadline {
        what: "receivers are in their room",
        reached: room.present.get(),
        wanted: room.receivers.get(),
        seconds: PROBE_SECONDS_MAX,
    })
}

async fn sender(
    mut writer: Writer,
    size: usize,
    window: usize,
    room: Rc<Room>,
    tally: Rc<Tally>,
) -> Result<(), BenchError> {
    let mut message = vec![b'x'; size];
    let mut sent = 0;
    loop {
        let now = tally.now();
        if tally.is_over(now) {
            break;
        }
        while room.missing.borrow().len() < window {
            Stamp { number: sent, nanoseconds: tally.now() }.write(&mut message);
            writer.push(&message);
            room.missing.borrow_mut().push_back(room.receivers.get());
            sent += 1;
            add(&tally.sent);
            tally.expected.set(tally.expected.get() + room.receivers.get() as u64);
        }
        writer.flush().await?;
        room.progress.notified().await;
    }
    room.end.set(Some(sent));
    // Receivers that have everything already learn that it was all.
    Stamp { number: PROBE, nanoseconds: 0 }.write(&mut message);
    writer.push(&message);
    writer.flush().await
}

async fn receiver(
    mut reader: Reader,
    mut writer: Option<Writer>,
    size: usize,
    room: Rc<Room>,
    tally: Rc<Tally>,
) -> Result<(), BenchError> {
    let mut present = false;
    let mut expected = 0;
    while room.end.get() != Some(expected) {
        reader.fill().await?;
        let now = tally.now();
        while let Some(incoming) = reader.next()? {
            let message = match (incoming, &mut writer) {
                (Incoming::Message(message), _) => message,
                (Incoming::Ping(payload), Some(writer)) => {
                    writer.pong(payload);
                    writer.flush().await?;
                    continue;
                }
                // A sender is heard from all the time.
                _ => continue,
            };
            match Stamp::read(message) {
                Some(Stamp { number: PROBE, .. }) => {
                    if !std::mem::replace(&mut present, true) {
                        room.present.set(room.present.get() + 1);
                        room.progress.notify_one();
                    }
                }
                Some(stamp) => {
                    if stamp.number == expected && message.len() == size {
                        tally.delivery(stamp.nanoseconds, now);
                    } else {
                        tally.misplaced();
                    }
                    room.received(stamp.number);
                    expected = stamp.number + 1;
                }
                None => tally.misplaced(),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_through_when_its_last_receiver_has_it() {
        let room = Room::default();
        room.missing.borrow_mut().extend([2, 2]);
        room.received(0);
        room.received(1);
        assert_eq!(room.first.get(), 0);
        room.received(0);
        assert_eq!((room.first.get(), room.missing.borrow().len()), (1, 1));
        room.received(1);
        assert_eq!((room.first.get(), room.missing.borrow().len()), (2, 0));
        // One that was never sent changes nothing.
        room.received(7);
        room.received(0);
        assert_eq!(room.first.get(), 2);
    }
}
