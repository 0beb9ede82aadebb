//! The integration tests: one binary, so that V8 is linked once. Each test is a process of its own
//! under `cargo nextest`.
//!
//! Every test but `tidy` runs the real `houseparty` binary and talks to it over TCP, as clients do;
//! none reaches into the library. Pure logic is tested beside its code in `runtime/`.
//!
//! - `spec`: what a client or a party can observe, as data (`spec/cases/*.jsonc` against
//!   `spec/project`)
//! - `examples`: every folder of `examples/` is booted and does what its README says
//! - `crash`: kill -9 under load; every acknowledged write and every alarm is accounted for
//! - `faults`: parties and clients that misbehave, broken projects, broken folders
//! - `scale`: 2,000 rooms, 2,000 connections, an idle host
//! - `storage_cli`: `houseparty storage` on what a real host has stored
//! - `cli`: what people and scripts see of the command line: help, `init`, keys, the log
//! - `tls`: HTTPS with real clients and with hostile ones
//! - `bench`: the load generator finds every message, and what a host loses or doubles
//! - `tidy`: headers, sizes and import layering of the source itself

mod bench;
mod cli;
mod crash;
mod examples;
mod faults;
mod node;
mod scale;
mod spec;
mod storage_cli;
mod support;
mod tidy;
mod tls;
