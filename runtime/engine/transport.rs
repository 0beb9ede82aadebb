//! Where the frames of a socket go: nowhere yet, onto the wire, or to another room.

use std::rc::Rc;

use crate::limits;
use crate::name::RoomKey;
use crate::room::event::{Message, PairFrame, SocketId};
use crate::wire::{self, Frame, Socket};

/// A frame or a close that waits until the socket is attached.
#[derive(Debug)]
pub enum Parcel {
    Message(Message),
    Close { code: Option<u16>, reason: String },
}

pub enum Transport {
    /// Accepted, but the 101 is not out yet; frames wait in order (W-18).
    Waiting {
        parcels: Vec<Parcel>,
        bytes: usize,
    },
    Wire(Rc<Socket>),
    /// The other end is a socket of another room of this host.
    Pair {
        room: RoomKey,
        peer: SocketId,
        closed: bool,
    },
}

impl Default for Transport {
    fn default() -> Self {
        Self::Waiting { parcels: Vec::new(), bytes: 0 }
    }
}

/// What the shard has to do for a socket to another room.
pub type PairDelivery = (RoomKey, SocketId, PairFrame);

impl Transport {
    /// Sends a message; `frame` is its encoding, made once for all receivers on the wire.
    pub fn send(&mut self, message: &Message, frame: &Frame) -> Option<PairDelivery> {
        match self {
            Self::Waiting { parcels, bytes } => {
                // Bounded like an outbox, and like there the client is told: it would miss what is left out.
                if *bytes <= limits::OUTBOX_BYTES_MAX {
                    *bytes += message.len() + limits::PARCEL_BYTES;
                    parcels.push(Parcel::Message(message.clone()));
                } else if !matches!(parcels.last(), Some(Parcel::Close { .. })) {
                    let reason = wire::OVERFLOW_REASON.to_owned();
                    parcels.push(Parcel::Close { code: Some(wire::OVERFLOW_CODE), reason });
                }
                None
            }
            Self::Wire(socket) => {
                socket.send(frame);
                None
            }
            Self::Pair { closed: true, .. } => None,
            Self::Pair { room, peer, .. } => {
                Some((room.clone(), *peer, PairFrame::Message(message.clone())))
            }
        }
    }

    pub fn close(&mut self, code: Option<u16>, reason: &str) -> Option<PairDelivery> {
        match self {
            Self::Waiting { parcels, .. } => {
                parcels.push(Parcel::Close { code, reason: reason.to_owned() });
                None
            }
            Self::Wire(socket) => {
                socket.close(code, reason);
                None
            }
            Self::Pair { room, peer, closed } => {
                if std::mem::replace(closed, true) {
                    return None;
                }
                let frame = PairFrame::Close { code, reason: reason.to_owned() };
                Some((room.clone(), *peer, frame))
            }
        }
    }

    /// Attaches a waiting socket; gives what had waited. None if it was attached before.
    pub fn attach(&mut self, target: Transport) -> Option<Vec<Parcel>> {
        match self {
            Self::Waiting { parcels, .. } => {
                let parcels = std::mem::take(parcels);
                *self = target;
                Some(parcels)
            }
            Self::Wire(_) | Self::Pair { .. } => None,
        }
    }
}
