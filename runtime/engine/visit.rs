//! One visit of a shard to a room that has something to do.
//!
//! Boots or loads the instance if there is none, then `next event → turn → seal → effects` until the inbox
//! is empty or the budget of turns and time is spent (fairness), then one poll of the isolate's own event
//! loop. A turn that V8 was told to stop (deadline, memory) and a section that failed break the room; no
//! other room of the shard notices more than the time it took.

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::break_down::RELOADED;
use super::instance::{Instance, Log, TurnEnd};
use super::live::{Breakage, Live, Stage};
use super::shard::Shard;
use super::transport::Transport;
use super::{EngineError, PartySource};
use crate::limits;

impl Shard {
    /// One visit: afterwards the room waits, is queued again, or is gone.
    pub fn visit(self: &Rc<Self>, live: &Rc<Live>) {
        live.last_active.set(Instant::now());
        let mut stage = live.stage.borrow_mut();
        if matches!(*stage, Stage::Absent) {
            if live.room.borrow().is_quiet() || self.is_settling(&live.key) {
                return;
            }
            match self.wake_up(live) {
                Ok(instance) => *stage = Stage::Loading(instance),
                Err(error) => {
                    drop(stage);
                    let crowded = matches!(error, EngineError::TooManyRooms(_));
                    let status = if crowded { 503 } else { 500 };
                    live.log(3, &error.to_string());
                    self.break_room(live, &Breakage::new(status, error.to_string()));
                    return;
                }
            }
        }
        let ended = self.measured(live, || self.run(live, &mut stage));
        self.after_pause(&stage);
        drop(stage);
        let breakage = live.breakage.borrow_mut().take();
        if let Some(breakage) = ended.err().or(breakage) {
            self.break_room(live, &breakage);
            return;
        }
        self.perform(live);
        self.resume_sockets(live);
        if live.stale.get() && live.is_resting() {
            self.replace_instance(live, RELOADED);
        } else if live.room.borrow().is_ready() {
            live.enqueue();
        } else {
            self.watch_idle(live);
        }
    }

    /// Makes an instance for a room that has none.
    fn wake_up(self: &Rc<Self>, live: &Rc<Live>) -> Result<Instance, EngineError> {
        let source = self.programs.borrow().get(&live.key.party).cloned().ok_or_else(|| {
            EngineError::Party(format!("there is no party `{}` any more", live.key.party))
        })?;
        let (key, log) = (live.key.clone(), self.settings().log.clone());
        let log: Log = Rc::new(move |level, text| log(&key, level, text));
        let instance = match self.take_spare(&source, log.clone()) {
            Some(instance) => instance,
            None => self.make_instance(live, &source, log)?,
        };
        let mut room = live.room.borrow_mut();
        // The start is a critical section: no event before `onStart` is through (L-30).
        if let Ok(section) = room.request_section() {
            room.enter_section();
            self.section_began(live, section.0);
        }
        Ok(instance)
    }

    fn make_instance(
        self: &Rc<Self>,
        live: &Live,
        source: &Arc<PartySource>,
        log: Log,
    ) -> Result<Instance, EngineError> {
        let heap_limit = self.settings().heap_limit_bytes;
        let create = || Instance::create(source, heap_limit, log.clone(), self.probe(&live.key));
        let mut outcome = create();
        for _ in 0..limits::RELIEF_TRIES {
            if !matches!(outcome, Err(EngineError::TooManyRooms(_))) || !self.relieve() {
                break;
            }
            // Another shard may be quicker.
            outcome = create();
        }
        outcome
    }

    /// Drives the instance: loading, starting, then turns.
    fn run(self: &Rc<Self>, live: &Rc<Live>, stage: &mut Stage) -> Result<(), Breakage> {
        let waker = self.waker(live);
        let mut cx = Context::from_waker(&waker);
        let watched = match stage {
            Stage::Absent => return Ok(()),
            Stage::Loading(instance) | Stage::Running(instance) => instance.handle(),
        };
        self.watch.arm(watched, self.settings().turn_deadline);
        let outcome = self.run_armed(live, stage, &mut cx);
        let fired = self.watch.disarm();
        match outcome {
            Err(breakage) => Err(breakage),
            Ok(TurnEnd::Done) if !fired => Ok(()),
            Ok(_) => Err(self.why_terminated(live, stage, fired)),
        }
    }

    fn run_armed(
        self: &Rc<Self>,
        live: &Rc<Live>,
        stage: &mut Stage,
        cx: &mut Context<'_>,
    ) -> Result<TurnEnd, Breakage> {
        if let Stage::Loading(instance) = stage {
            match instance.poll_load(cx) {
                Poll::Pending => return Ok(TurnEnd::Done),
                Poll::Ready(Err(EngineError::Terminated)) => return Ok(TurnEnd::Terminated),
                Poll::Ready(Err(error)) => return Err(Breakage::new(500, error.to_string())),
                Poll::Ready(Ok(_shape)) => {}
            }
            let Stage::Loading(mut instance) = std::mem::replace(stage, Stage::Absent) else {
                return Ok(TurnEnd::Done);
            };
            let end = instance.start(live);
            *stage = Stage::Running(instance);
            if matches!(end, TurnEnd::Terminated) {
                return Ok(end);
            }
            self.end_turn(live);
        }
        let Stage::Running(instance) = stage else {
            return Ok(TurnEnd::Done);
        };
        let start = Instant::now();
        for _ in 0..limits::TURNS_PER_VISIT {
            if live.breakage.borrow().is_some() {
                return Ok(TurnEnd::Done);
            }
            let Some(event) = live.room.borrow_mut().take_event() else { break };
            let Some(event) = self.before_turn(live, event) else { continue };
            self.watch.rearm(self.settings().turn_deadline);
            let (end, _request) = instance.turn(live, event);
            live.tally.turns.update(|turns| turns + 1);
            // What a turn did that was cut off in the middle goes with the room (GATE-29).
            if matches!(end, TurnEnd::Terminated) {
                return Ok(end);
            }
            self.end_turn(live);
            if start.elapsed() >= limits::VISIT_TIME {
                break;
            }
        }
        // One poll per visit: platform ops, V8's tasks, unhandled rejections.
        live.polled.set(false);
        let end = instance.poll(cx);
        if matches!(end, TurnEnd::Done) {
            self.end_turn(live);
        }
        Ok(end)
    }

    fn why_terminated(&self, live: &Live, stage: &Stage, fired: bool) -> Breakage {
        let exhausted = match stage {
            Stage::Loading(instance) | Stage::Running(instance) => instance.memory_exhausted(),
            Stage::Absent => false,
        };
        let message = if exhausted {
            format!(
                "the room used more than its {} MiB of memory and was stopped",
                self.settings().heap_limit_bytes >> 20
            )
        } else if fired {
            format!(
                "a turn ran for more than {} s and was stopped",
                self.settings().turn_deadline.as_secs_f64()
            )
        } else {
            "the room was stopped".to_owned()
        };
        live.log(3, &message);
        Breakage::new(500, message)
    }

    /// Seals what the turn wrote and lets its effects into the gate.
    pub fn end_turn(self: &Rc<Self>, live: &Rc<Live>) {
        if live.breakage.borrow().as_ref().is_some_and(|breakage| !breakage.keeps_writes) {
            // GATE-29
            return;
        }
        if live.savepoints.get() > 0 {
            // An open transaction is sealed when it ends.
            live.room.borrow_mut().end_turn(None);
            return;
        }
        let sealed = match live.store.borrow_mut().seal() {
            Ok(sealed) => sealed,
            Err(error) => {
                live.break_later(Breakage::new(503, error.to_string()));
                None
            }
        };
        if sealed.is_some() {
            self.await_commit(live);
        }
        let confirmed = sealed.filter(|sealed| sealed.confirmed).map(|sealed| sealed.seq);
        live.room.borrow_mut().end_turn(confirmed);
    }

    fn resume_sockets(&self, live: &Live) {
        if live.paused.borrow().is_empty() || live.room.borrow().is_congested() {
            return;
        }
        for socket in live.paused.take() {
            if let Some(Transport::Wire(wire)) = live.transports.borrow().get(&socket) {
                wire.resume();
            }
        }
    }
}
