//! Clients that send HTTP requests, each the next one when the last is answered.
//!
//! The parties they ask number their answers per room (`bench/project`), so every answer has one
//! place: a number that comes twice or out of order is misplaced, one that never came is lost.
//! `cold` asks each room once and must get 1, `list` fills each room once and must find all keys.
//! After `put` and `batch`, what each room has stored is read back
//! and must not be less than what it answered.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::time::MissedTickBehavior;

use super::echo::{Clients, run_name};
use super::report::Measured;
use super::request::Client;
use super::tally::{Tally, add};
use super::target::Target;
use super::{BenchError, Plan, Workload};

/// Keys that `list` has to find; bench/project/src/list.ts stores them.
const LISTED: u64 = 10_000;

/// Which numbers a room has answered with.
#[derive(Default)]
struct Answered {
    seen: Vec<u64>,
    most: u64,
}

impl Answered {
    /// Whether it came for the first time.
    fn add(&mut self, number: u64) -> bool {
        let (word, bit) = ((number / 64) as usize, 1 << (number % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        self.most = self.most.max(number);
        let first = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        first
    }
}

struct Shared {
    plan: Plan,
    target: Target,
    /// Start of the names of the rooms.
    name: String,
    rooms: RefCell<Vec<Answered>>,
    tally: Rc<Tally>,
}

pub async fn run(plan: &Plan, target: &Target) -> Result<Measured, BenchError> {
    let tally = Tally::new();
    let shared = Rc::new(Shared {
        plan: plan.clone(),
        target: target.clone(),
        name: run_name(),
        rooms: RefCell::new((0..plan.rooms).map(|_| Answered::default()).collect()),
        tally: tally.clone(),
    });
    let mut clients = Clients::new(&tally);
    for index in 0..plan.connections {
        let client = Client::connect(target).await?;
        match plan.workload {
            Workload::Cold => clients.add(cold(client, index, shared.clone())),
            Workload::List => clients.add(listed(client, index, shared.clone())),
            _ => clients.add(numbered(client, index, shared.clone())),
        }
    }
    if plan.workload == Workload::List {
        return clients.run_once(plan).await;
    }
    let measured = clients.run(plan).await?;
    if stores(plan.workload) {
        read_back(&shared).await?;
    }
    if plan.workload != Workload::Cold {
        // Rooms count from 1; an answer that nobody got leaves a gap.
        tally.expected.set(shared.rooms.borrow().iter().map(|room| room.most).sum());
    }
    Ok(measured)
}

async fn numbered(mut client: Client, index: usize, shared: Rc<Shared>) -> Result<(), BenchError> {
    let rooms = shared.plan.rooms;
    let paths: Vec<String> = (0..rooms).map(|room| shared.plan.path(&shared.name, room)).collect();
    let method = if stores(shared.plan.workload) { "POST" } else { "GET" };
    let mut last = vec![0; rooms];
    for round in 0.. {
        let sent = shared.tally.now();
        if shared.tally.is_over(sent) {
            break;
        }
        // Each has its room; where there are more rooms than clients, each goes through them all.
        let turn = if rooms > shared.plan.connections { round } else { 0 };
        let room = (index + turn) % rooms;
        add(&shared.tally.sent);
        let number = client.number(method, &paths[room]).await?;
        shared.tally.delivery(sent, shared.tally.now());
        let first = shared.rooms.borrow_mut()[room].add(number);
        if !first || number <= last[room] {
            shared.tally.misplaced();
        }
        last[room] = number;
    }
    Ok(())
}

async fn cold(mut client: Client, index: usize, shared: Rc<Shared>) -> Result<(), BenchError> {
    let mut pace = shared.plan.every.map(tokio::time::interval);
    if let Some(pace) = &mut pace {
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    for round in 0.. {
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
        let sent = shared.tally.now();
        if shared.tally.is_over(sent) {
            break;
        }
        let path = shared.plan.path(&format!("{}-{index}-{round}", shared.name), 0);
        add(&shared.tally.sent);
        add(&shared.tally.expected);
        let number = client.number("GET", &path).await?;
        shared.tally.delivery(sent, shared.tally.now());
        if number != 1 {
            shared.tally.misplaced();
        }
    }
    Ok(())
}

/// Fills its share of the rooms, and times the list of each once the host has dropped it.
async fn listed(mut client: Client, index: usize, shared: Rc<Shared>) -> Result<(), BenchError> {
    let Shared { plan, tally, name, .. } = &*shared;
    for room in (index..plan.rooms).step_by(plan.connections) {
        let path = plan.path(name, room);
        client.number("POST", &path).await?;
        client.ask("GET", &format!("{path}/forget")).await?;
        add(&tally.sent);
        add(&tally.expected);
        let sent = tally.now();
        let number = client.number("GET", &path).await?;
        tally.delivery(sent, tally.now());
        if number != LISTED {
            tally.misplaced();
        }
    }
    Ok(())
}

fn stores(workload: Workload) -> bool {
    matches!(workload, Workload::Put | Workload::Batch)
}

async fn read_back(shared: &Shared) -> Result<(), BenchError> {
    let mut client = Client::connect(&shared.target).await?;
    for index in 0..shared.plan.rooms {
        let stored = client.number("GET", &shared.plan.path(&shared.name, index)).await?;
        let answered = shared.rooms.borrow()[index].most;
        if stored < answered {
            shared.tally.fail(format!("a room answered {answered} and has stored {stored}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_come_twice_are_seen() {
        let mut room = Answered::default();
        assert!(room.add(1) && room.add(3) && room.add(64) && room.add(2));
        assert!(!room.add(3) && !room.add(64));
        assert_eq!(room.most, 64);
    }
}
