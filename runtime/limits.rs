//! Every bound of the host, with its unit and its reason. Leaf module.

/// Largest WebSocket message a client may send, in bytes; larger ones close the socket with 1009 (spec W-03).
pub const MESSAGE_SIZE_MAX: usize = 1 << 20;

/// Bytes a client may leave unread in its outbox before it is closed with 1008. A client that reads slowly but steadily
/// never gets there; one that stopped reading must not hold the room's memory.
pub const OUTBOX_BYTES_MAX: usize = 8 << 20;

/// Request bodies up to this many bytes are handed to the room whole; larger ones stream.
pub const BODY_WHOLE_MAX: usize = 64 << 10;

/// Chunks of a streamed body that may wait between the two ends.
pub const BODY_CHUNKS_MAX: usize = 16;

/// Longest close reason a WebSocket close frame can carry, in bytes (RFC 6455, 5.5: 125 less the code).
pub const CLOSE_REASON_BYTES_MAX: usize = 123;
