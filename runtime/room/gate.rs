//! The output gate: an ordered queue of effects, each stamped with the commit it depends on.
//!
//! An effect is anything the outside can notice: a frame, a close, a response head or chunk, a
//! request to another room. Effects made in a turn are held until the turn's writes are sealed, and
//! then leave in order, each as soon as its commit is durable (GATE-22, GATE-33). So nobody ever
//! sees a state that a crash can undo (DESIGN F7). When a commit fails, the room breaks and what
//! is still held is dropped, never sent (GATE-25).
//!
//! Called by the room at the end of each turn and when the store reports a commit. Pure.

use std::collections::VecDeque;

use crate::storage::CommitSeq;

#[derive(Debug)]
pub struct Gate<E> {
    /// Effects of the turn that runs now; `true` marks those made after its first write.
    turn: Vec<(E, bool)>,
    held: VecDeque<(CommitSeq, E)>,
    /// What an effect made now has to wait for.
    stamp: CommitSeq,
    durable: CommitSeq,
}

impl<E> Default for Gate<E> {
    fn default() -> Self {
        Self {
            turn: Vec::new(),
            held: VecDeque::new(),
            stamp: CommitSeq::default(),
            durable: CommitSeq::default(),
        }
    }
}

impl<E> Gate<E> {
    /// Adds an effect of the running turn. `after_write`: the turn has written something that must
    /// be durable before this may be seen.
    pub fn push(&mut self, effect: E, after_write: bool) {
        self.turn.push((effect, after_write));
    }

    /// Ends the turn (or a stretch of it). `sealed` is the batch of its confirmed writes, if any.
    pub fn seal(&mut self, sealed: Option<CommitSeq>) {
        for (effect, after_write) in self.turn.drain(..) {
            let stamp = match sealed {
                Some(seq) if after_write => seq,
                _ => self.stamp,
            };
            self.held.push_back((stamp, effect));
        }
        if let Some(seq) = sealed {
            debug_assert!(seq > self.stamp, "commit numbers grow");
            self.stamp = seq;
        }
    }

    /// Effects of this turn and later ones leave only after `seq`, whatever they were made after.
    pub fn hold_until(&mut self, seq: CommitSeq) {
        self.stamp = self.stamp.max(seq);
    }

    /// Everything up to `durable` can no longer be lost.
    pub fn release(&mut self, durable: CommitSeq) {
        self.durable = self.durable.max(durable);
    }

    /// The next effect that may leave, in order.
    pub fn pop(&mut self) -> Option<E> {
        match self.held.front() {
            Some((stamp, _)) if *stamp <= self.durable => {
                self.held.pop_front().map(|(_, effect)| effect)
            }
            _ => None,
        }
    }

    /// The room broke: what is held, and what the current turn made, is never sent.
    pub fn drop_all(&mut self) -> impl Iterator<Item = E> + use<E> {
        let turn = std::mem::take(&mut self.turn);
        let held = std::mem::take(&mut self.held);
        held.into_iter().map(|(_, effect)| effect).chain(turn.into_iter().map(|(effect, _)| effect))
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.turn.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave(gate: &mut Gate<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| gate.pop()).collect()
    }

    #[test]
    fn gate_28_without_writes_nothing_is_delayed() {
        let mut gate = Gate::default();
        gate.push("a", false);
        assert!(gate.pop().is_none(), "not before the turn ends");
        gate.seal(None);
        assert_eq!(leave(&mut gate), ["a"]);
    }

    #[test]
    fn gate_22_effects_wait_for_the_writes_before_them_and_keep_their_order() {
        let mut gate = Gate::default();
        gate.push("before", false);
        gate.push("after", true);
        gate.seal(Some(CommitSeq(3)));
        gate.push("next turn", false);
        gate.seal(None);
        assert_eq!(leave(&mut gate), ["before"]);
        gate.release(CommitSeq(2));
        assert!(leave(&mut gate).is_empty());
        gate.release(CommitSeq(3));
        assert_eq!(leave(&mut gate), ["after", "next turn"]);
    }

    #[test]
    fn gate_25_a_broken_room_sends_nothing_it_held() {
        let mut gate = Gate::default();
        gate.push("held", true);
        gate.seal(Some(CommitSeq(1)));
        gate.push("turn", false);
        assert_eq!(gate.drop_all().collect::<Vec<_>>(), ["held", "turn"]);
        gate.release(CommitSeq(1));
        assert!(leave(&mut gate).is_empty());
    }
}
