//! What a room means: pure, synchronous state. (Skeleton while the house is being built.)

pub mod directory;
pub mod event;
