//! Model tests of the room: order, sections, gate; no V8, no store.

use super::*;
use crate::room::event::Completion;

fn timer(id: u32) -> Event {
    Event::Timer { id }
}

fn ids(room: &mut Room) -> Vec<String> {
    std::iter::from_fn(|| room.take_event())
        .map(|event| match event {
            Event::Timer { id } => format!("t{id}"),
            Event::Section { id } => format!("s{id}"),
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn gate_07_events_run_in_arrival_order() {
    let mut room = Room::default();
    for id in 0..5 {
        room.push(timer(id)).expect("room for five");
    }
    assert_eq!(ids(&mut room), ["t0", "t1", "t2", "t3", "t4"]);
}

#[test]
fn gate_11_a_section_holds_back_what_it_did_not_start() {
    let mut room = Room::default();
    room.push(timer(1)).unwrap();
    assert!(matches!(room.take_event(), Some(Event::Timer { id: 1 })));
    let section = room.request_section().unwrap();
    room.push(timer(2)).unwrap();
    assert_eq!(ids(&mut room), [format!("s{}", section.0)]);
    room.push_from(room.section(), timer(3));
    room.push(timer(4)).unwrap();
    assert_eq!(ids(&mut room), ["t3"]);
    assert!(!room.is_ready());
    room.close_section(section);
    assert_eq!(ids(&mut room), ["t2", "t4"]);
    assert!(room.is_quiet());
}

#[test]
fn lim_20_the_inbox_is_bounded_by_count_and_bytes() {
    let mut room = Room::default();
    for id in 0..limits::INBOX_EVENTS_MAX as u32 {
        room.push(timer(id)).expect("below the bound");
    }
    assert!(room.push(timer(0)).is_err());
    assert!(room.is_congested());

    let mut room = Room::default();
    let chunk = Bytes::from(vec![0; limits::INBOX_BYTES_MAX]);
    let outcome = Completion::Chunk(Some(chunk));
    room.push(Event::Completion { id: 1, outcome }).unwrap();
    assert!(room.push(timer(0)).is_err());
    room.take_event();
    assert!(room.push(timer(0)).is_ok());
}

/// A seeded random walk against a reference that says what each rule means, one by one.
#[test]
fn random_walks_keep_the_rules() {
    for seed in 0..2_000u64 {
        walk(seed);
    }
}

fn walk(seed: u64) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    };
    let mut room = Room::default();
    let (mut next_id, mut next_commit, mut durable) = (0u32, 0u64, 0u64);
    let mut open: Vec<SectionId> = Vec::new();
    // The section in which each event was initiated, and that section's chain of parents then.
    let mut chains: std::collections::HashMap<u32, Vec<SectionId>> = Default::default();
    let (mut made, mut left) = (VecDeque::new(), Vec::new());
    let mut last_root = None;
    for _ in 0..200 {
        match random(8) {
            0 | 1 => {
                room.push(timer(next_id)).unwrap();
                chains.insert(next_id, vec![]);
                next_id += 1;
            }
            2 => {
                room.push_from(room.section(), timer(next_id));
                chains.insert(next_id, open.clone());
                next_id += 1;
            }
            3 if open.len() < 4 => {
                room.request_section().unwrap();
            }
            4 => {
                if let Some(section) = open.pop() {
                    room.close_section(section);
                }
            }
            5 => {
                durable = next_commit;
                room.committed(CommitSeq(durable));
            }
            _ => match room.take_event() {
                Some(Event::Section { id }) => open.push(SectionId(id)),
                Some(Event::Timer { id }) => {
                    let active = open.last();
                    let chain = &chains[&id];
                    assert!(
                        active.is_none_or(|active| chain.contains(active)),
                        "seed {seed}: event {id} ran inside a section it does not belong to"
                    );
                    if chain.is_empty() {
                        assert!(last_root.is_none_or(|last| last < id), "seed {seed}: order");
                        last_root = Some(id);
                    }
                    let write = random(3) == 0;
                    let completion = id;
                    room.effect(Effect::Synced { completion }, write);
                    let sealed = write.then(|| {
                        next_commit += 1;
                        CommitSeq(next_commit)
                    });
                    room.end_turn(sealed);
                    made.push_back((completion, if write { next_commit } else { 0 }));
                }
                _ => {}
            },
        }
        while let Some(Effect::Synced { completion }) = room.leaving() {
            let (expected, needs) = made.pop_front().expect("nothing leaves unmade");
            assert_eq!(completion, expected, "seed {seed}: effects keep their order");
            assert!(needs <= durable, "seed {seed}: effect {completion} left before its commit");
            left.push(completion);
        }
    }
    let broken = room.break_down();
    assert_eq!(broken.effects.len(), made.len(), "seed {seed}: what was held is given back");
    assert!(room.leaving().is_none());
}
