//! Ops of a room's life: start, completions, sections, timers, alarms' end, log.

use std::rc::Rc;
use std::time::{Duration, Instant};

use deno_core::{OpState, op2, v8};

use super::{OpError, live};
use crate::engine::instance::{Seat, keys_claimed};
use crate::engine::live::{Breakage, Timer};
use crate::engine::schedule::Due;
use crate::limits;
use crate::room::event::Completion;
use crate::room::section::SectionId;

/// The party's module is evaluated and its default export is legal: its shape as JSON.
#[op2(fast)]
pub fn op_loaded(state: &OpState, #[string] shape: String) {
    *state.borrow::<Rc<Seat>>().loaded.borrow_mut() = Some(Ok(shape));
}

#[op2(fast)]
pub fn op_load_failed(state: &OpState, #[string] message: String) {
    *state.borrow::<Rc<Seat>>().loaded.borrow_mut() = Some(Err(message));
}

/// `onStart` is through: events may come.
#[op2(fast)]
pub fn op_started(state: &OpState, hibernate: bool) -> Result<(), OpError> {
    let live = live(state)?;
    live.hibernate.set(hibernate);
    let SectionId(section) = live.room.borrow().section();
    live.shard.section_ended(&live, section);
    Ok(())
}

/// The constructor or `onStart` failed: whoever waits gets the error, the next event tries again.
#[op2(fast)]
pub fn op_start_failed(
    state: &OpState,
    status: u32,
    #[string] message: String,
) -> Result<(), OpError> {
    let status = u16::try_from(status).unwrap_or(500);
    live(state)?.break_later(Breakage::new(status, message).keeping_writes());
    Ok(())
}

/// A number for a completion; 0 outside a room.
#[op2(fast)]
pub fn op_completion_new(state: &OpState) -> u32 {
    live(state).map_or(0, |live| live.open_completion())
}

/// What JavaScript itself waited for is there: deliver it as an event.
#[op2(fast)]
pub fn op_completion_ready(state: &OpState, id: u32) -> Result<(), OpError> {
    live(state)?.complete(id, Completion::Done);
    Ok(())
}

/// `blockConcurrencyWhile`: the section begins in a later turn (GATE-10).
#[op2(fast)]
pub fn op_section_request(state: &OpState) -> Result<u32, OpError> {
    let live = live(state)?;
    let section = live.room.borrow_mut().request_section()?;
    Ok(section.0)
}

#[op2(fast)]
pub fn op_section_close(state: &OpState, section: u32) -> Result<(), OpError> {
    let live = live(state)?;
    live.shard.section_ended(&live, section);
    Ok(())
}

/// A critical section failed: the room is reset (GATE-15).
#[op2(fast)]
pub fn op_room_break(state: &OpState, #[string] message: String) -> Result<(), OpError> {
    live(state)?.break_later(Breakage::new(500, message));
    Ok(())
}

#[op2(fast)]
pub fn op_timer_start(state: &OpState, delay_ms: f64, repeat: bool) -> Result<u32, OpError> {
    let live = live(state)?;
    let mut timers = live.timers.borrow_mut();
    if timers.len() >= limits::TIMERS_MAX {
        return Err(OpError::TooManyTimers(limits::TIMERS_MAX));
    }
    let id = live.last_timer.get().checked_add(1).unwrap_or(1);
    live.last_timer.set(id);
    // Longer than this host will run is as good as never.
    let delay = Duration::from_millis(delay_ms.clamp(0.0, 1e12) as u64);
    let section = live.room.borrow().section();
    let every = repeat.then_some(delay.max(Duration::from_millis(1)));
    let due = live.shard.schedule(Instant::now() + delay, Due::Timer { slot: live.slot, id });
    timers.insert(id, Timer { due, every, section });
    Ok(id)
}

#[op2(fast)]
pub fn op_timer_stop(state: &OpState, id: u32) -> Result<(), OpError> {
    let live = live(state)?;
    if let Some(timer) = live.timers.borrow_mut().remove(&id) {
        live.shard.unschedule(timer.due);
    }
    Ok(())
}

/// The alarm handler has settled.
#[op2(fast)]
pub fn op_alarm_done(state: &OpState, good: bool) -> Result<(), OpError> {
    let live = live(state)?;
    let shard = live.shard.clone();
    shard.alarm_done(&live, good)?;
    Ok(())
}

/// The isolate uses the platform's keys; `claim` makes them its own for this thread.
#[op2]
pub fn op_keys_used(state: &OpState, #[scoped] claim: v8::Global<v8::Function>) {
    keys_claimed(state.borrow::<Rc<Seat>>(), claim);
}

/// A line for the log; level 0 debug, 1 info, 2 warn, 3 error.
#[op2(fast)]
pub fn op_log(state: &OpState, level: u32, #[string] text: &str) {
    let level = u8::try_from(level).unwrap_or(3);
    let seat = state.borrow::<Rc<Seat>>();
    if let Some(log) = &*seat.log.borrow() {
        log(level, text);
    }
}
