//! What a debugger attaches to: a room or lobby by its name, or a party's newest room.
//!
//! A target's path does not change while the host runs, whatever happens to isolates, so a launch
//! configuration can name it. Room ids stand in it as they do in URLs of the edge: raw.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::name::RoomKey;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The room of this party that was started last.
    Party(Arc<str>),
    Place(RoomKey),
}

impl Target {
    /// `/party/<party>`, `/lobby/<party>` or `/room/<party>/<room>`.
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix('/')?.split_once('/')?;
        match (kind, rest.split_once('/')) {
            ("party", None) if !rest.is_empty() => Some(Self::Party(rest.into())),
            ("lobby", None) if !rest.is_empty() => Some(Self::Place(RoomKey::lobby(rest))),
            ("room", Some((party, room))) if !room.is_empty() && !room.contains('/') => {
                Some(Self::Place(RoomKey::room(party, room)))
            }
            _ => None,
        }
    }

    pub fn path(&self) -> String {
        match self {
            Self::Party(party) => format!("/party/{party}"),
            Self::Place(key) => match key.id() {
                Some(id) => format!("/room/{}/{id}", key.party),
                None => format!("/lobby/{}", key.party),
            },
        }
    }

    pub fn party(&self) -> &Arc<str> {
        match self {
            Self::Party(party) => party,
            Self::Place(key) => &key.party,
        }
    }

    pub fn title(&self) -> String {
        match self {
            Self::Party(party) => format!("{party} (newest room)"),
            Self::Place(key) => key.to_string(),
        }
    }

    /// The same for a target in every life of it, in the form debuggers are used to.
    pub fn id(&self) -> String {
        let digest = Sha256::digest(self.path());
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// Whether the isolate of `key` is one of this target.
    pub fn includes(&self, key: &RoomKey) -> bool {
        match self {
            Self::Party(party) => key.party == *party && !key.is_lobby(),
            Self::Place(place) => place == key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_back_to_their_target() {
        for path in ["/party/main", "/lobby/chat", "/room/main/a%20b"] {
            let target = Target::parse(path).unwrap();
            assert_eq!(target.path(), path);
        }
        for path in ["", "/", "/party/", "/party/a/b", "/room/a", "/room/a/", "/room/a/b/c", "/x/y"]
        {
            assert_eq!(Target::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_party_is_its_rooms() {
        let party = Target::parse("/party/main").unwrap();
        assert!(party.includes(&RoomKey::room("main", "a")));
        assert!(!party.includes(&RoomKey::lobby("main")));
        assert!(!party.includes(&RoomKey::room("other", "a")));
    }
}
