//! Names: which party, which room. Leaf module; everybody may use it.
//!
//! A room's identity is the pair (party, raw id). The id is the raw path segment of the URL, never
//! percent-decoded (spec R-04), so equality of keys is equality of bytes. Names are shared strings:
//! cloning one is a counter.

use std::fmt;
use std::sync::Arc;

/// The identity of one room: party name and raw room id.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey {
    pub party: Arc<str>,
    pub id: RoomId,
}

/// Which place of a party an event goes to: one of its rooms, or its lobby (the isolate that runs
/// the static hooks `onBeforeConnect`, `onBeforeRequest`, `onFetch`, `onSocket`, `onCron`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoomId {
    Room(Arc<str>),
    Lobby,
}

impl RoomKey {
    pub fn room(party: impl Into<Arc<str>>, id: impl Into<Arc<str>>) -> Self {
        Self { party: party.into(), id: RoomId::Room(id.into()) }
    }

    pub fn lobby(party: impl Into<Arc<str>>) -> Self {
        Self { party: party.into(), id: RoomId::Lobby }
    }

    /// The raw id; a lobby has none.
    pub fn id(&self) -> Option<&Arc<str>> {
        match &self.id {
            RoomId::Room(id) => Some(id),
            RoomId::Lobby => None,
        }
    }

    pub fn is_lobby(&self) -> bool {
        matches!(self.id, RoomId::Lobby)
    }
}

impl fmt::Display for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            RoomId::Room(id) => write!(f, "{}/{}", self.party, id),
            RoomId::Lobby => write!(f, "{} (lobby)", self.party),
        }
    }
}

impl fmt::Debug for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
