//! Every bound of the host, with its unit and its reason. Leaf module.

use std::time::Duration;

/// Largest WebSocket message a client may send, in bytes; larger ones close the socket with 1009
/// (spec W-03).
pub const MESSAGE_SIZE_MAX: usize = 1 << 20;

/// Bytes a client may leave unread in its outbox before it is closed with 1008. A client that reads
/// slowly but steadily never gets there; one that stopped reading must not hold the room's memory.
pub const OUTBOX_BYTES_MAX: usize = 8 << 20;

/// Request bodies up to this many bytes are handed to the room whole; larger ones stream.
pub const BODY_WHOLE_MAX: usize = 64 << 10;

/// Chunks of a streamed body that may wait between the two ends.
pub const BODY_CHUNKS_MAX: usize = 16;

/// Longest close reason a WebSocket close frame can carry, in bytes (RFC 6455, 5.5: 125 less the
/// code).
pub const CLOSE_REASON_BYTES_MAX: usize = 123;

/// Events that may wait in one room's inbox before it refuses with 503 (LIM-08, LIM-20).
pub const INBOX_EVENTS_MAX: usize = 10_000;

/// Bytes that may wait in one room's inbox before it refuses with 503.
pub const INBOX_BYTES_MAX: usize = 64 << 20;

/// From here on the room's sockets stop reading, so that clients feel the back-pressure long before
/// anything is refused.
pub const INBOX_EVENTS_SOFT: usize = 1_000;

/// As `INBOX_EVENTS_SOFT`, in bytes.
pub const INBOX_BYTES_SOFT: usize = 4 << 20;

/// Timers one room may have pending (LIM-12).
pub const TIMERS_MAX: usize = 10_000;

/// Wall-clock time a `blockConcurrencyWhile` callback or `onStart` may take, in seconds (GATE-14).
pub const SECTION_SECONDS_MAX: u64 = 30;

/// What a message that waits for its socket weighs beside its own bytes.
pub const PARCEL_BYTES: usize = 64;

/// Turns of one room before the others of its shard get theirs.
pub const TURNS_PER_VISIT: usize = 64;

/// Time after which a visit ends with the turn that runs, however few they were: a room whose turns are long
/// holds the others of its shard for one of them.
pub const VISIT_TIME: Duration = Duration::from_millis(2);

/// How long a stopping host waits for handlers that are still at work, in seconds.
pub const DRAIN_SECONDS_MAX: u64 = 10;

/// How often a draining shard looks whether its rooms have come to rest, in milliseconds.
pub const DRAIN_LOOK_MS: u64 = 5;

/// Time the close frames of a stopping host have to leave, in milliseconds.
pub const FAREWELL_MS: u64 = 50;

/// Wall-clock time an alarm handler may take, in seconds (AL-14).
pub const ALARM_SECONDS_MAX: u64 = 15 * 60;

/// Failed attempts of an alarm handler before its alarm is dropped (AL-18).
pub const ALARM_RETRIES_MAX: u32 = 6;

/// First delay between attempts of an alarm handler, in milliseconds; it doubles (AL-18).
pub const ALARM_RETRY_MS: i64 = 2_000;

/// Largest stored value, serialised, in bytes. PartyKit refuses above 128 KiB and its users lost
/// data to that (A-93, U-40).
pub const VALUE_BYTES_MAX: usize = 4 << 20;

/// Stack of a shard's thread, in bytes: V8 takes about 1 MiB, deep JSON and regexes want air.
pub const SHARD_STACK_BYTES: usize = 8 << 20;

/// Threads that parse HTTP. Rooms have their own.
pub const EDGE_THREADS: usize = 1;

/// Bytes of sealed batches that may wait for the committer; a shard that would add more waits. Four
/// seconds of a slow disk.
pub const COMMIT_QUEUE_BYTES_MAX: usize = 256 << 20;

/// Bytes after which the committer closes a group: a larger one would keep small writes waiting.
pub const COMMIT_GROUP_BYTES_MAX: usize = 16 << 20;

/// Pages of the write-ahead log (4 KiB each) after which it is carried over into the database.
pub const CHECKPOINT_PAGES: i64 = 4_000;

/// Rooms whose number the committer remembers; about 100 bytes each.
pub const ROOM_NUMBERS_MAX: usize = 100_000;

/// Bytes of durable values one awake room keeps at hand.
pub const ROOM_CACHE_BYTES_MAX: usize = 256 << 10;

/// Largest value, with its key, that is kept at hand, in bytes.
pub const ROOM_CACHE_VALUE_BYTES_MAX: usize = 32 << 10;

/// Time between a room's start and the making of a spare isolate, in milliseconds: what the room has to
/// send leaves first.
pub const POOL_PAUSE_MS: u64 = 1;

/// Spare isolates of one party on one shard. Four rooms that start at once find theirs ready; each costs
/// about 3 MB while it waits.
pub const POOL_DEPTH_MAX: usize = 4;

/// Seconds after which a party that nobody asked for has one spare left.
pub const POOL_KEEP_SECONDS: u64 = 30;

/// Isolates that have gone before the allocator is asked to give their memory back; about 1 MB each.
pub const GIVE_BACK_ISOLATES_MIN: usize = 32;

/// Seconds between the end of a room's isolate and that question, so that one asks for many.
pub const GIVE_BACK_SECONDS: u64 = 5;

/// Rooms that are asked to give up their isolate for a new one, while other shards want what they give.
pub const RELIEF_TRIES: usize = 16;

/// Questions of the dashboard that may wait for one shard: those of many open pages, for as long as
/// a turn may run.
pub const QUESTIONS_MAX: usize = 512;

/// Longest selector of an `HTMLRewriter`, in bytes: parsing one recurses.
pub const SELECTOR_BYTES_MAX: usize = 1_024;

/// Stack on which one HTML document is rewritten, in bytes; only what is used of it becomes memory.
pub const REWRITER_STACK_BYTES: usize = 256 << 10;

/// Bytes the parser may keep of one HTML document: a start tag that is not complete, the names of open
/// elements.
pub const REWRITER_BYTES_MAX: usize = 4 << 20;

/// HTML documents one isolate may be in the middle of.
pub const REWRITERS_MAX: usize = 64;

/// Digests one isolate may have begun (`crypto.DigestStream`).
pub const DIGESTS_MAX: usize = 1_024;

/// Sockets one room may have open to other servers (`cloudflare:sockets`).
pub const OUTBOUNDS_MAX: usize = 128;

/// Bytes that are read from such a socket in one go.
pub const OUTBOUND_READ_BYTES: usize = 16 << 10;

/// Time to reach another server, from the lookup of its name to the end of the TLS handshake, in
/// seconds.
pub const OUTBOUND_CONNECT_SECONDS_MAX: u64 = 30;

/// Connections that may wait to be accepted; the kernel may allow fewer (net.core.somaxconn).
pub const BACKLOG: i32 = 4_096;

/// Files the process may need open for itself: database, static files, what parties fetch. Clients get the
/// rest of what the system allows.
pub const FILES_ELSE: usize = 256;
