//! Ops of sockets to other servers (`cloudflare:sockets`), and the operator's policy for those that the
//! platform itself opens.

use bytes::Bytes;
use deno_core::{OpState, op2};

use super::{OpError, live};
use crate::engine::live::Live;
use crate::limits;
use crate::room::{Effect, OutboundStep};

fn step(live: &Live, socket: u32, step: OutboundStep) {
    live.effect(Effect::Outbound { socket, step });
}

/// Dials; gives the socket's number, which is also that of the completion with its addresses.
#[op2(fast)]
pub fn op_outbound_connect(
    state: &OpState,
    #[string] host: String,
    port: u16,
    secure: bool,
) -> Result<u32, OpError> {
    let live = live(state)?;
    if live.outbounds.borrow().len() >= limits::OUTBOUNDS_MAX {
        return Err(OpError::TooManyOutbounds(limits::OUTBOUNDS_MAX));
    }
    let socket = live.open_completion();
    step(&live, socket, OutboundStep::Connect { host, port, secure });
    Ok(socket)
}

/// Completes with bytes, or with nothing at the end of what the other side says.
#[op2(fast)]
pub fn op_outbound_read(state: &OpState, socket: u32) -> Result<u32, OpError> {
    let live = live(state)?;
    let completion = live.open_completion();
    live.read_outbound(socket, completion);
    Ok(completion)
}

/// Completes when the kernel has taken the bytes.
#[op2(fast)]
pub fn op_outbound_write(
    state: &OpState,
    socket: u32,
    #[buffer(copy)] bytes: Bytes,
) -> Result<u32, OpError> {
    let live = live(state)?;
    let completion = live.open_completion();
    step(&live, socket, OutboundStep::Write { bytes, completion });
    Ok(completion)
}

/// Nothing more will be written.
#[op2(fast)]
pub fn op_outbound_finish(state: &OpState, socket: u32) -> Result<u32, OpError> {
    let live = live(state)?;
    let completion = live.open_completion();
    step(&live, socket, OutboundStep::Finish { completion });
    Ok(completion)
}

/// Starts TLS; `name` is that of the certificate.
#[op2(fast)]
pub fn op_outbound_secure(
    state: &OpState,
    socket: u32,
    #[string] name: String,
) -> Result<u32, OpError> {
    let live = live(state)?;
    let completion = live.open_completion();
    step(&live, socket, OutboundStep::Secure { name, completion });
    Ok(completion)
}

#[op2(fast)]
pub fn op_outbound_close(state: &OpState, socket: u32) -> Result<(), OpError> {
    step(&*live(state)?, socket, OutboundStep::Close);
    Ok(())
}

/// Whether the operator lets parties connect there; throws if not.
#[op2(fast)]
pub fn op_outbound_check(#[string] host: &str, port: u16) -> Result<(), OpError> {
    crate::outbound::policy().ask(host, port)?;
    Ok(())
}
