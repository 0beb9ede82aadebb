//! Connections that come at once (`storm`), and connections that are only there (`idle`).
//!
//! `storm` times each connection from its first packet to the echo of its first message; all stay
//! open until the last is in. `idle` opens one for each room, reads how much memory the host has,
//! opens the others, leaves them alone for the time of the plan, which is when CPU and memory are
//! read again, and then sends one message over each: what is counted is these, so it is the time to
//! wake up. So what a connection costs is told without what its room costs.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;

use super::echo::{Clients, open_some, readings, run_name};
use super::process::Reading;
use super::report::{Measured, Readings};
use super::socket::{self, Incoming, Reader, Writer};
use super::stamp::Stamp;
use super::tally::{Tally, add};
use super::target::Target;
use super::{BenchError, Plan, Workload};

/// How often the clients that are only there look for pings: a host drops who does not answer one.
const ATTEND_EVERY: Duration = Duration::from_secs(5);

/// Connections that are opened between two such looks.
const OPENED_TOGETHER: usize = 1_000;

/// Longer than any of it may take.
const WHILE_IT_LASTS: Duration = Duration::from_secs(600);

pub async fn run(plan: &Plan, target: &Target) -> Result<Measured, BenchError> {
    match plan.workload {
        Workload::Idle => idle(plan, target).await,
        _ => storm(plan, target).await,
    }
}

async fn idle(plan: &Plan, target: &Target) -> Result<Measured, BenchError> {
    let name = run_name();
    let mut sockets = Vec::new();
    join(plan, target, &name, 0..plan.rooms, &mut sockets).await?;
    // What the rooms' start has left behind is given back first.
    tokio::time::sleep(plan.warm_up).await;
    let before = plan.pid.map(Reading::take).transpose()?;
    join(plan, target, &name, plan.rooms..plan.connections, &mut sockets).await?;
    let mut measuring = std::pin::pin!(readings(plan.clone()));
    let readings = loop {
        attend(&mut sockets).await?;
        tokio::select! {
            readings = &mut measuring => break Readings { before, ..readings? },
            () = tokio::time::sleep(ATTEND_EVERY) => {}
        }
    };
    let tally = Tally::new();
    tally.count_after(Duration::ZERO, WHILE_IT_LASTS);
    for (reader, writer) in &mut sockets {
        if let Err(error) = echoed(reader, writer, plan.size, tally.now(), &tally).await {
            tally.fail(error.to_string());
        }
        reader.rest();
    }
    tally.stop();
    Ok(Measured { tally, readings })
}

async fn join(
    plan: &Plan,
    target: &Target,
    name: &str,
    connections: std::ops::Range<usize>,
    sockets: &mut Vec<(Reader, Writer)>,
) -> Result<(), BenchError> {
    let end = connections.end;
    for start in connections.step_by(OPENED_TOGETHER) {
        let some = start..end.min(start + OPENED_TOGETHER);
        sockets.extend(open_some(plan, target, name, some).await?);
        attend(sockets).await?;
    }
    Ok(())
}

/// Answers the pings that have come, without waiting for any.
async fn attend(sockets: &mut [(Reader, Writer)]) -> Result<(), BenchError> {
    for (reader, writer) in sockets {
        if let Some(filled) = reader.fill().now_or_never() {
            filled?;
            while let Some(incoming) = reader.next()? {
                if let Incoming::Ping(payload) = incoming {
                    writer.pong(payload);
                }
            }
            writer.flush().await?;
        }
        reader.rest();
    }
    Ok(())
}

async fn storm(plan: &Plan, target: &Target) -> Result<Measured, BenchError> {
    let tally = Tally::new();
    let name = run_name();
    let open: Rc<RefCell<Vec<(Reader, Writer)>>> = Rc::default();
    let mut clients = Clients::new(&tally);
    for index in 0..plan.connections {
        let (path, target) = (plan.path(&name, index), target.clone());
        let (size, tally, open) = (plan.size, tally.clone(), open.clone());
        clients.add(async move {
            let start = tally.now();
            let (mut reader, mut writer) = socket::open(&target, &path).await?;
            echoed(&mut reader, &mut writer, size, start, &tally).await?;
            open.borrow_mut().push((reader, writer));
            Ok(())
        });
    }
    clients.run_once(plan).await
}

/// One message and its echo, timed from `start`.
async fn echoed(
    reader: &mut Reader,
    writer: &mut Writer,
    size: usize,
    start: u64,
    tally: &Tally,
) -> Result<(), BenchError> {
    let mut message = vec![b'x'; size];
    Stamp { number: 0, nanoseconds: start }.write(&mut message);
    add(&tally.sent);
    add(&tally.expected);
    writer.push(&message);
    writer.flush().await?;
    loop {
        reader.fill().await?;
        while let Some(incoming) = reader.next()? {
            match incoming {
                Incoming::Message(echo) if echo == message => {
                    tally.delivery(start, tally.now());
                    return Ok(());
                }
                Incoming::Message(_) => tally.misplaced(),
                Incoming::Ping(payload) => writer.pong(payload),
                Incoming::Pong => {}
            }
        }
        writer.flush().await?;
    }
}
