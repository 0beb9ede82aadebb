//! What is in a message: its number and when it was sent, as text, then filling.
//!
//! Text, so that a party may look at it and so that it travels in text frames as most PartyKit
//! messages do. A reader that finds anything else than what a stamp looks like gets `None`.

/// Sixteen hexadecimal digits each for the number and the time.
pub const LENGTH_MIN: usize = 32;

/// A number no message of a measurement has; receivers know by it that a connection is in its room.
pub const PROBE: u64 = u64::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub number: u64,
    /// Since the measurement's clock started.
    pub nanoseconds: u64,
}

impl Stamp {
    /// Writes over the start of `message`, which is at least `LENGTH_MIN` long.
    pub fn write(self, message: &mut [u8]) {
        digits(self.number, &mut message[..16]);
        digits(self.nanoseconds, &mut message[16..32]);
    }

    pub fn read(message: &[u8]) -> Option<Self> {
        Some(Self { number: value(message.get(..16)?)?, nanoseconds: value(message.get(16..32)?)? })
    }
}

fn digits(value: u64, into: &mut [u8]) {
    for (place, digit) in into.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(value >> (4 * place)) as usize & 15];
    }
}

fn value(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut message = [b'x'; 40];
        for number in [0, 1, 0x0123_4567_89ab_cdef, PROBE] {
            let stamp = Stamp { number, nanoseconds: number / 3 };
            stamp.write(&mut message);
            assert_eq!(Stamp::read(&message), Some(stamp));
        }
        assert_eq!(&message[32..], b"xxxxxxxx");
    }

    #[test]
    fn other_messages_have_no_stamp() {
        assert_eq!(Stamp::read(b"short"), None);
        assert_eq!(Stamp::read(&[b'x'; 32]), None);
    }
}
