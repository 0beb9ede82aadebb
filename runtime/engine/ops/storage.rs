//! Ops of `room.storage`. Reads answer at once; writes go to the room's write set.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use deno_core::{OpState, op2, v8};

use super::{OpError, live};
use crate::engine::live::{Breakage, Live};
use crate::engine::turn;
use crate::engine::value::{self, ValueError};
use crate::limits;
use crate::room::Effect;
use crate::storage::{AlarmRow, ListOptions, StoreError};

/// A file that cannot be read breaks the room: what it would do without knowing is not to be seen.
fn told<T>(live: &Live, outcome: Result<T, StoreError>) -> Result<T, OpError> {
    if let Err(error @ StoreError::Read(_)) = &outcome {
        live.log(3, &format!("storage: {error}"));
        live.break_later(Breakage::new(503, error.to_string()));
    }
    Ok(outcome?)
}

/// A stored value; one that the disk has changed is an error of its own key and nothing more (KV-40).
fn readable<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    live: &Live,
    key: &str,
    stored: &[u8],
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    value::deserialize(scope, stored).map_err(|_| {
        let error = OpError::Unreadable { key: key.to_owned(), size: stored.len() };
        live.log(3, &format!("storage: {error}"));
        error
    })
}

/// [key, value, key, value, …]
fn flat<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    live: &Live,
    rows: Vec<(Bytes, Bytes)>,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    let mut elements = Vec::with_capacity(rows.len() * 2);
    for (key, stored) in rows {
        let key_text = String::from_utf8_lossy(&key);
        elements.push(turn::text(scope, &key_text));
        elements.push(readable(scope, live, &key_text, &stored)?);
    }
    Ok(v8::Array::new_with_elements(scope, &elements).into())
}

#[op2(reentrant)]
pub fn op_storage_get<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: Rc<RefCell<OpState>>,
    #[string] key: String,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    let live = live(&state.borrow())?;
    let stored = live.store.borrow_mut().get(key.as_bytes());
    match told(&live, stored)? {
        None => Ok(v8::undefined(scope).into()),
        Some(bytes) => readable(scope, &live, &key, &bytes),
    }
}

#[op2(reentrant)]
pub fn op_storage_get_many<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: Rc<RefCell<OpState>>,
    #[serde] keys: Vec<String>,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    let keys: Vec<Vec<u8>> = keys.into_iter().map(String::into_bytes).collect();
    let live = live(&state.borrow())?;
    let rows = live.store.borrow_mut().get_many(&keys);
    let rows = told(&live, rows)?;
    flat(scope, &live, rows)
}

/// `limit` -1: no limit.
#[op2(reentrant)]
pub fn op_storage_list<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: Rc<RefCell<OpState>>,
    #[string] start: Option<String>,
    #[string] start_after: Option<String>,
    #[string] end: Option<String>,
    #[string] prefix: Option<String>,
    reverse: bool,
    limit: i32,
) -> Result<v8::Local<'s, v8::Value>, OpError> {
    let options = ListOptions {
        start: start.map(String::into_bytes),
        start_after: start_after.map(String::into_bytes),
        end: end.map(String::into_bytes),
        prefix: prefix.map(String::into_bytes),
        reverse,
        limit: usize::try_from(limit).ok(),
    };
    let live = live(&state.borrow())?;
    let rows = live.store.borrow_mut().list(&options);
    let rows = told(&live, rows)?;
    flat(scope, &live, rows)
}

#[op2(nofast, reentrant)]
pub fn op_storage_put<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: Rc<RefCell<OpState>>,
    #[string] key: String,
    value: v8::Local<'s, v8::Value>,
    confirm: bool,
) -> Result<(), OpError> {
    let live = live(&state.borrow())?;
    let bytes = {
        v8::tc_scope!(let tc, scope);
        match value::serialize(tc, value) {
            Ok(bytes) => bytes,
            Err(ValueError::Thrown) => {
                tc.rethrow();
                return Ok(());
            }
            Err(ValueError::Refused(reason)) => {
                tc.reset();
                return Err(OpError::Clone(reason));
            }
        }
    };
    if bytes.len() > limits::VALUE_BYTES_MAX {
        return Err(OpError::ValueTooLarge { size: bytes.len(), limit: limits::VALUE_BYTES_MAX });
    }
    live.store.borrow_mut().put(key.as_bytes(), Bytes::from(bytes), confirm)?;
    Ok(())
}

#[op2(fast)]
pub fn op_storage_delete(
    state: &OpState,
    #[string] key: String,
    confirm: bool,
) -> Result<bool, OpError> {
    let live = live(state)?;
    let existed = live.store.borrow_mut().delete(key.as_bytes(), confirm);
    told(&live, existed)
}

#[op2(fast)]
pub fn op_storage_delete_all(state: &OpState) -> Result<(), OpError> {
    live(state)?.store.borrow_mut().delete_all()?;
    Ok(())
}

/// Milliseconds since the epoch, or -1. While the handler runs, the alarm it runs for is gone
/// (AL-11).
#[op2(fast)]
pub fn op_storage_get_alarm(state: &OpState) -> Result<f64, OpError> {
    let live = live(state)?;
    let running = live.alarm.borrow().as_ref().is_some_and(|alarm| !alarm.replaced);
    if running {
        return Ok(-1.0);
    }
    let alarm = live.store.borrow_mut().alarm();
    let alarm = told(&live, alarm)?;
    Ok(alarm.map_or(-1.0, |row| row.scheduled_ms as f64))
}

/// `time` -1 deletes the alarm.
#[op2(fast)]
pub fn op_storage_set_alarm(state: &OpState, time: f64, confirm: bool) -> Result<(), OpError> {
    let live = live(state)?;
    let row = (time >= 0.0).then(|| AlarmRow::at(time as i64));
    live.store.borrow_mut().set_alarm(row, confirm)?;
    if let Some(running) = live.alarm.borrow_mut().as_mut() {
        running.replaced = true;
    }
    Ok(())
}

/// Opens a savepoint. `outermost`: what the turn wrote before is sealed first, so that a rollback
/// does not undo it (KV-66).
#[op2(fast)]
pub fn op_storage_begin(state: &OpState, outermost: bool) -> Result<(), OpError> {
    let live = live(state)?;
    if outermost && live.savepoints.get() == 0 {
        let shard = live.shard.clone();
        shard.end_turn(&live);
    }
    live.store.borrow_mut().savepoint();
    live.savepoints.set(live.savepoints.get() + 1);
    Ok(())
}

#[op2(fast)]
pub fn op_storage_commit(state: &OpState) -> Result<(), OpError> {
    let live = live(state)?;
    live.store.borrow_mut().release();
    live.savepoints.set(live.savepoints.get().saturating_sub(1));
    Ok(())
}

#[op2(fast)]
pub fn op_storage_rollback(state: &OpState) -> Result<(), OpError> {
    let live = live(state)?;
    live.store.borrow_mut().rollback_to_savepoint();
    live.savepoints.set(live.savepoints.get().saturating_sub(1));
    Ok(())
}

/// Completes when everything written so far is durable (KV-70): an effect that waits like any other.
#[op2(fast)]
pub fn op_storage_sync(state: &OpState) -> Result<u32, OpError> {
    let live = live(state)?;
    let completion = live.open_completion();
    if let Some(seq) = live.store.borrow_mut().confirm_all() {
        live.room.borrow_mut().hold_until(seq);
    }
    live.effect(Effect::Synced { completion });
    Ok(completion)
}
