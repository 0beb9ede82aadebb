//! The sockets of a room, as data: who is connected, under which id, tags and attachment.
//!
//! A socket is a number here. Its bytes are moved by the shard; its face in JavaScript is rebuilt
//! from this data when a room wakes (W-16, LC-09). Two kinds: a *connection* is what a client opened
//! with an upgrade to the room and what `onConnect` got; a *raw* socket is the host's end of a
//! `WebSocketPair` or of a stub's `socket()`, which only the party's code knows about.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::event::SocketId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// `onConnect` has not settled: listed and sendable (A-11), but not on the wire yet.
    Connecting,
    Open,
    /// The party called `close()`; nothing more may be sent (W-06).
    Closing,
}

#[derive(Debug, Clone)]
pub enum Socket {
    Raw,
    Connection(Connection),
}

#[derive(Debug, Clone)]
pub struct Connection {
    /// `_pk` or a random UUID (W-01).
    pub id: Arc<str>,
    /// Full URL of the upgrade request.
    pub uri: Arc<str>,
    /// The id first, then what `getConnectionTags` gave (A-70).
    pub tags: Arc<[Arc<str>]>,
    /// `connection.state` of a hibernating room, serialised (A-58).
    pub attachment: Option<Bytes>,
    pub phase: Phase,
}

/// Sockets in the order in which they were accepted.
#[derive(Debug, Default)]
pub struct Sockets {
    table: BTreeMap<SocketId, Socket>,
    connections: usize,
}

impl Sockets {
    pub fn insert(&mut self, id: SocketId, socket: Socket) {
        if matches!(socket, Socket::Connection(_)) {
            self.connections += 1;
        }
        self.table.insert(id, socket);
    }

    pub fn remove(&mut self, id: SocketId) -> Option<Socket> {
        let removed = self.table.remove(&id);
        if matches!(removed, Some(Socket::Connection(_))) {
            self.connections -= 1;
        }
        removed
    }

    pub fn contains(&self, id: SocketId) -> bool {
        self.table.contains_key(&id)
    }

    pub fn connection_mut(&mut self, id: SocketId) -> Option<&mut Connection> {
        match self.table.get_mut(&id) {
            Some(Socket::Connection(connection)) => Some(connection),
            _ => None,
        }
    }

    pub fn connections(&self) -> impl Iterator<Item = (SocketId, &Connection)> {
        self.table.iter().filter_map(|(id, socket)| match socket {
            Socket::Connection(connection) => Some((*id, connection)),
            Socket::Raw => None,
        })
    }

    pub fn ids(&self) -> impl Iterator<Item = SocketId> + '_ {
        self.table.keys().copied()
    }

    pub fn connection_count(&self) -> usize {
        self.connections
    }

    pub fn raw_count(&self) -> usize {
        self.table.len() - self.connections
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Who gets a broadcast: every connection that may still be sent to and whose id is not in
    /// `without` (A-08, A-10: a closing one is skipped, it never stops the others).
    pub fn audience(&self, without: &[&str]) -> Vec<SocketId> {
        self.connections()
            .filter(|(_, connection)| connection.phase != Phase::Closing)
            .filter(|(_, connection)| !without.contains(&connection.id.as_ref()))
            .map(|(id, _)| id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(id: &str, phase: Phase) -> Socket {
        Socket::Connection(Connection {
            id: id.into(),
            uri: "http://h/party/r".into(),
            tags: Arc::new([id.into()]),
            attachment: None,
            phase,
        })
    }

    #[test]
    fn a_08_broadcast_leaves_out_ids_and_closing_sockets_but_not_twins() {
        let mut sockets = Sockets::default();
        sockets.insert(SocketId(1), connection("a", Phase::Open));
        sockets.insert(SocketId(2), connection("b", Phase::Connecting));
        sockets.insert(SocketId(3), connection("c", Phase::Closing));
        sockets.insert(SocketId(4), connection("a", Phase::Open));
        sockets.insert(SocketId(5), Socket::Raw);
        assert_eq!(sockets.audience(&[]), [SocketId(1), SocketId(2), SocketId(4)]);
        assert_eq!(sockets.audience(&["a", "nobody"]), [SocketId(2)]);
        assert_eq!(sockets.connection_count(), 4);
        assert_eq!(sockets.raw_count(), 1);
        sockets.remove(SocketId(1));
        assert_eq!(sockets.audience(&["b"]), [SocketId(4)], "the twin stays (A-64)");
    }
}
