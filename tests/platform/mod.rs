//! The web platform as parties see it, to the letter: what README.md of this folder counts.

mod imports;
mod outbound;
mod probes;
mod rewriter;
mod sockets;
mod suites;
