//! Houseparty: runs PartyKit projects on your own machine.
//!
//! The crate map is in ARCHITECTURE.md; each module's header says what it is and what it never does.

pub mod bench;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crons;
pub mod dashboard;
pub mod engine;
pub mod inspect;
pub mod limits;
pub mod name;
pub mod node;
pub mod outbound;
pub mod program;
pub mod room;
pub mod server;
pub mod storage;
pub mod wire;
