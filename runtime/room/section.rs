//! Critical sections: `blockConcurrencyWhile`, transactions and the start of a room.
//!
//! A section is a stretch of a room's life in which only events that it initiated itself may run
//! (GATE-10..18). Sections nest; siblings run one after another in the order in which they were
//! asked for. Every event carries the section that was active when it was initiated; `admits` says
//! whether it may run now. Events of a finished section belong to its parent (GATE-12).
//!
//! Pure bookkeeping: who calls the callback of a section, and its deadline, are the engine's affair.

use std::collections::{HashMap, VecDeque};

/// A section of one room. `ROOT` is "no section".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectionId(pub u32);

impl SectionId {
    pub const ROOT: SectionId = SectionId(0);
}

/// How deep sections may nest (GATE-17).
pub const SECTION_DEPTH_MAX: usize = 64;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("blockConcurrencyWhile() calls are nested too deeply.")]
pub struct TooDeep;

#[derive(Debug, Default)]
pub struct Sections {
    last: u32,
    /// The open sections, outermost first; the last one is active.
    open: Vec<SectionId>,
    /// Sections that wait for their turn, by parent, in the order of the calls.
    waiting: HashMap<SectionId, VecDeque<SectionId>>,
    /// Parent of every section that events may still refer to.
    parents: HashMap<SectionId, SectionId>,
}

impl Sections {
    /// The innermost open section, or `ROOT`.
    pub fn active(&self) -> SectionId {
        self.open.last().copied().unwrap_or(SectionId::ROOT)
    }

    /// Registers a section as a child of the active one; it starts at a later `start_next`.
    pub fn request(&mut self) -> Result<SectionId, TooDeep> {
        if self.open.len() >= SECTION_DEPTH_MAX {
            return Err(TooDeep);
        }
        self.last = self.last.checked_add(1).unwrap_or(1);
        let id = SectionId(self.last);
        let parent = self.active();
        self.parents.insert(id, parent);
        self.waiting.entry(parent).or_default().push_back(id);
        Ok(id)
    }

    /// Opens the next waiting section, if there is one: it becomes the active one.
    pub fn start_next(&mut self) -> Option<SectionId> {
        let active = self.active();
        let queue = self.waiting.get_mut(&active)?;
        let id = queue.pop_front()?;
        if queue.is_empty() {
            self.waiting.remove(&active);
        }
        self.open.push(id);
        Some(id)
    }

    pub fn has_waiting(&self) -> bool {
        self.waiting.contains_key(&self.active())
    }

    /// Ends a section. Its parent is active again and adopts the events it left behind.
    pub fn close(&mut self, id: SectionId) {
        let Some(position) = self.open.iter().position(|open| *open == id) else { return };
        self.open.truncate(position);
        // Sections asked for inside but not yet started pass to the parent, ahead of its own.
        if let Some(orphans) = self.waiting.remove(&id) {
            let queue = self.waiting.entry(self.active()).or_default();
            for orphan in orphans.into_iter().rev() {
                queue.push_front(orphan);
            }
        }
        if self.open.is_empty() && self.waiting.is_empty() {
            // Unknown sections resolve to the root, so nothing needs to be remembered.
            self.parents.clear();
        }
    }

    /// Whether an event initiated in `section` may run while the active section is what it is.
    pub fn admits(&self, section: SectionId) -> bool {
        let active = self.active();
        if active == SectionId::ROOT {
            return true;
        }
        let mut current = section;
        loop {
            if current == active {
                return true;
            }
            match self.parents.get(&current) {
                Some(parent) => current = *parent,
                None => return false,
            }
        }
    }

    pub fn is_open(&self, id: SectionId) -> bool {
        self.open.contains(&id)
    }

    pub fn is_idle(&self) -> bool {
        self.open.is_empty() && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gate_13_siblings_run_one_after_another_in_call_order() {
        let mut sections = Sections::default();
        let a = sections.request().unwrap();
        let b = sections.request().unwrap();
        assert_eq!(sections.start_next(), Some(a));
        assert_eq!(sections.start_next(), None, "b waits for a, it is not a child of a");
        sections.close(a);
        assert_eq!(sections.start_next(), Some(b));
    }

    #[test]
    fn gate_11_only_events_initiated_inside_are_admitted() {
        let mut sections = Sections::default();
        let outer = sections.request().unwrap();
        sections.start_next();
        assert!(!sections.admits(SectionId::ROOT));
        assert!(sections.admits(outer));
        let inner = sections.request().unwrap();
        sections.start_next();
        assert!(!sections.admits(outer));
        assert!(sections.admits(inner));
        sections.close(inner);
        assert!(sections.admits(inner), "the parent adopts what the section left behind");
        sections.close(outer);
        assert!(sections.admits(SectionId::ROOT));
        assert!(sections.is_idle());
    }

    #[test]
    fn gate_17_depth_is_bounded() {
        let mut sections = Sections::default();
        for _ in 0..SECTION_DEPTH_MAX {
            sections.request().unwrap();
            sections.start_next();
        }
        assert_eq!(sections.request(), Err(TooDeep));
    }

    #[test]
    fn a_closed_section_hands_its_waiting_children_to_its_parent() {
        let mut sections = Sections::default();
        let outer = sections.request().unwrap();
        sections.start_next();
        let child = sections.request().unwrap();
        sections.close(outer);
        assert_eq!(sections.start_next(), Some(child));
    }
}
