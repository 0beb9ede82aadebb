//! What happens to a room around a turn: alarms, intervals, sockets that ended.
//!
//! An alarm stays durable until its handler is through: deleted in the batch of the turn that completes
//! it, unless the handler set a new one (AL-11..AL-20). A failed attempt is tried again after 2, 4, 8 …
//! seconds with up to 25 % jitter, six times; the count is durable, so that a crash loop gives up too
//! (AL-18, AL-23).

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::live::{Breakage, Live, RunningAlarm};
use super::schedule::Due;
use super::shard::Shard;
use crate::clock::now_ms;
use crate::limits;
use crate::room::event::Event;
use crate::storage::{AlarmRow, StoreError};

impl Shard {
    /// Does what the host has to do for an event before its turn. None: there is no turn.
    pub fn before_turn(self: &Rc<Self>, live: &Rc<Live>, event: Event) -> Option<Event> {
        match &event {
            Event::Closed { socket, .. } => {
                // From here on it gets no broadcast and is not listed (W-09).
                live.room.borrow_mut().sockets.remove(*socket);
                live.transports.borrow_mut().remove(socket);
                let _ = live.early_attachment(*socket);
            }
            Event::Timer { id } => {
                let mut timers = live.timers.borrow_mut();
                match timers.get_mut(id) {
                    // Stopped after it was due.
                    None => return None,
                    Some(timer) => match timer.every {
                        None => {
                            timers.remove(id);
                        }
                        Some(every) => {
                            // From now on, not from when it was due: a busy room skips beats.
                            let due = Due::Timer { slot: live.slot, id: *id };
                            timer.due = self.schedule(Instant::now() + every, due);
                        }
                    },
                }
            }
            Event::Section { id } => {
                self.section_began(live, *id);
            }
            Event::Alarm { .. } => return self.alarm_event(live, event),
            _ => {}
        }
        Some(event)
    }

    /// The alarm clock rang. The stored alarm decides (AL-25).
    fn alarm_event(self: &Rc<Self>, live: &Rc<Live>, event: Event) -> Option<Event> {
        if live.alarm.borrow().is_some() {
            // It joins the run that is going on (AL-12); what was set anew rings again.
            return None;
        }
        let stored = live.store.borrow_mut().alarm();
        match stored {
            Ok(Some(row)) if row.due_ms <= now_ms() => {
                let due = Due::AlarmDeadline { slot: live.slot };
                let deadline = self.schedule(Instant::now() + self.settings().alarm_deadline, due);
                *live.alarm.borrow_mut() = Some(RunningAlarm { row, deadline, replaced: false });
                Some(event)
            }
            // Deleted or moved meanwhile; the clock knows the new time from its commit.
            Ok(_) => None,
            Err(error) => {
                live.log(3, &format!("cannot read the alarm: {error}"));
                self.ring_later(live);
                None
            }
        }
    }

    /// The alarm could not be looked at: it is still stored, so it rings again.
    fn ring_later(&self, live: &Live) {
        let (alarms, room) = (self.alarms.clone(), live.key.clone());
        tokio::task::spawn_local(async move {
            tokio::time::sleep(Duration::from_millis(limits::ALARM_RETRY_MS.unsigned_abs())).await;
            alarms.wake(&room);
        });
    }

    /// The handler does not run any more.
    pub fn take_alarm(&self, live: &Live) -> Option<RunningAlarm> {
        let running = live.alarm.borrow_mut().take()?;
        self.unschedule(running.deadline);
        Some(running)
    }

    /// A handler that never ends must not keep the next alarm from running (AL-14).
    pub fn alarm_overdue(self: &Rc<Self>, live: &Rc<Live>) {
        if live.alarm.borrow().is_some() {
            let seconds = self.settings().alarm_deadline.as_secs();
            let message = format!("the alarm handler took more than {seconds} s and was stopped");
            live.log(3, &message);
            self.break_room(live, &Breakage::new(500, message));
        }
    }

    /// The handler has settled.
    pub fn alarm_done(self: &Rc<Self>, live: &Rc<Live>, good: bool) -> Result<(), StoreError> {
        let Some(running) = self.take_alarm(live) else { return Ok(()) };
        if running.replaced {
            // A new alarm replaces the retry; a deleted one is not tried again (AL-17, AL-20). One
            // that came due while this ran was not let in: look again.
            self.alarms.wake(&live.key);
            return Ok(());
        }
        if good {
            return live.store.borrow_mut().set_alarm(None, true);
        }
        let next = retry_of(running.row);
        if next.is_none() {
            live.log(3, "the alarm handler failed too often: its alarm is dropped");
        }
        live.store.borrow_mut().set_alarm(next, true)
    }

    /// The room broke while its handler ran: the attempt counts as failed.
    pub fn retry_alarm(self: &Rc<Self>, live: &Rc<Live>, row: AlarmRow) {
        let mut store = live.store.borrow_mut();
        if let Err(error) = store.set_alarm(retry_of(row), true) {
            drop(store);
            live.log(3, &format!("cannot keep the alarm: {error}"));
            return;
        }
        if let Err(error) = store.seal() {
            drop(store);
            live.log(3, &format!("cannot keep the alarm: {error}"));
        }
    }
}

/// The next attempt after a failed one; none when there were enough.
fn retry_of(row: AlarmRow) -> Option<AlarmRow> {
    if row.retry >= limits::ALARM_RETRIES_MAX {
        return None;
    }
    let delay = limits::ALARM_RETRY_MS << row.retry;
    // The clock's low bits are jitter enough to spread what failed together.
    let jitter = now_ms().unsigned_abs() % 256;
    let jitter = delay / 4 * i64::try_from(jitter).unwrap_or(0) / 256;
    Some(AlarmRow { due_ms: now_ms() + delay + jitter, retry: row.retry + 1, ..row })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn al_18_attempts_come_later_each_time_and_end() {
        let mut row = AlarmRow::at(5);
        for seconds in [2, 4, 8, 16, 32, 64] {
            let before = now_ms();
            let next = retry_of(row).unwrap();
            let delay = next.due_ms - before;
            let bounds = seconds * 1000..=seconds * 1250 + 100;
            assert!(bounds.contains(&delay), "{seconds} s: {delay} ms");
            assert_eq!((next.scheduled_ms, next.retry), (5, row.retry + 1));
            row = next;
        }
        assert_eq!(retry_of(row), None);
    }
}
