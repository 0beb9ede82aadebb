//! The integration tests: one binary, so that V8 is linked once. Each test is a process of its own
//! under `cargo nextest`.
//!
//! Every test but `tidy` runs the real `houseparty` binary and talks to it over TCP, as clients do;
//! none reaches into the library. Pure logic is tested beside its code in `runtime/`.
//!
//! - `spec`: what a client or a party can observe, as data (`spec/cases/*.jsonc` against
//!   `spec/project`)
//! - `client`: client code, static files, what `dev` tells pages
//! - `examples`: every folder of `examples/` is booted and does what its README says
//! - `packages`: npm packages that people use in parties, with the real clients
//! - `crash`: kill -9 under load; every acknowledged write and every alarm is accounted for
//! - `faults`: parties and clients that misbehave, broken projects, broken folders
//! - `guard`: what a message costs, counted in allocations, system calls and instructions
//! - `inspect`: debuggers attach, pause, profile, vanish, over the DevTools protocol
//! - `scale`: 2,000 rooms, 2,000 connections, an idle host
//! - `storage_cli`: `houseparty storage` on what a real host has stored
//! - `cli`: what people and scripts see of the command line: help, `init`, keys, the log
//! - `tls`: HTTPS with real clients and with hostile ones
//! - `platform`: the web platform to the letter: globals, streams, HTMLRewriter, sockets, test suites
//! - `bench`: the load generator finds every message, and what a host loses or doubles
//! - `dashboard`: the page and the API at `/__houseparty__/`
//! - `tidy`: headers, sizes and import layering of the source itself

mod bench;
mod cli;
mod client;
mod crash;
mod dashboard;
mod examples;
mod faults;
mod guard;
mod inspect;
mod node;
mod packages;
mod platform;
mod scale;
mod spec;
mod storage_cli;
mod support;
mod tidy;
mod tls;
