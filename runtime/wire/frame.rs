//! A server's WebSocket frame, encoded once and shared by everyone it goes to.
//!
//! Made by the shard for each outgoing message and by the socket itself for closes and pings. Hides
//! the header's layout (the `tungstenite` crate writes it). Frames of a server carry no mask, so
//! the same bytes serve every receiver; cloning one is a counter. Nothing here can fail.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::limits::CLOSE_REASON_BYTES_MAX;
use crate::room::event::Message;

/// Header and payload, ready for the wire.
#[derive(Debug, Clone)]
pub struct Frame(Bytes);

impl Frame {
    /// A text message; the payload is valid UTF-8.
    pub fn text(payload: &[u8]) -> Self {
        Self(encode(OpCode::Data(Data::Text), &[payload]))
    }

    pub fn binary(payload: &[u8]) -> Self {
        Self(encode(OpCode::Data(Data::Binary), &[payload]))
    }

    pub fn from_message(message: &Message) -> Self {
        match message {
            Message::Text(bytes) => Self::text(bytes),
            Message::Binary(bytes) => Self::binary(bytes),
        }
    }

    /// A close. Without a code the frame has no body and the peer sees 1005 (W-05). A long reason
    /// is cut: a close frame that breaks the protocol would look like a lost connection (L-43).
    pub(super) fn close(code: Option<u16>, reason: &str) -> Self {
        let opcode = OpCode::Control(Control::Close);
        Self(match code {
            Some(code) => encode(opcode, &[&code.to_be_bytes(), shorten(reason).as_bytes()]),
            None => encode(opcode, &[]),
        })
    }

    pub(super) fn ping() -> Self {
        Self(encode(OpCode::Control(Control::Ping), &[]))
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.0
    }
}

fn encode(opcode: OpCode, parts: &[&[u8]]) -> Bytes {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    let payload: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(header.len(payload as u64) + payload);
    header.format(payload as u64, &mut bytes).expect("writing into a Vec does not fail");
    for part in parts {
        bytes.extend_from_slice(part);
    }
    Bytes::from(bytes)
}

/// The longest start of `reason` that a close frame can carry, cut between characters.
pub(super) fn shorten(reason: &str) -> &str {
    let mut end = reason.len().min(CLOSE_REASON_BYTES_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_at_the_borders_of_the_three_header_forms() {
        for (payload, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let frame = Frame::binary(&vec![7; payload]);
            assert_eq!(frame.0.len(), header + payload);
            assert_eq!(frame.0[0], 0x82);
            assert_eq!(frame.0[1] & 0x80, 0, "frames of a server are not masked");
        }
        assert_eq!(&Frame::text(b"hi").0[..], b"\x81\x02hi");
    }

    #[test]
    fn closes_with_and_without_a_code() {
        assert_eq!(&Frame::close(None, "lost").0[..], b"\x88\x00");
        assert_eq!(&Frame::close(Some(4000), "bye").0[..], b"\x88\x05\x0f\xa0bye");
    }

    #[test]
    fn reasons_are_cut_between_characters() {
        assert_eq!(shorten("short"), "short");
        assert_eq!(shorten(&"a".repeat(124)).len(), 123);
        // 61 two-byte characters are 122 bytes; the 62nd would end at 124.
        assert_eq!(shorten(&"ü".repeat(80)).len(), 122);
        assert_eq!(Frame::close(Some(1000), &"😀".repeat(60)).0.len(), 2 + 2 + 120);
    }
}
