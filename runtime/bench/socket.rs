//! A WebSocket client that costs little: opening handshake, masked frames out, plain frames in.
//!
//! A socket is a `Reader` and a `Writer` on the same stream, so that one may wait while the other
//! works. Frames are written into one buffer per connection and read from another; nothing is
//! allocated per message. Pings are answered by the owner (`Incoming::Ping`). A close, fragments
//! and anything that is no WebSocket frame end the connection with an error. Offers no extensions.

use std::io;
use std::rc::Rc;

use tokio::net::TcpStream;

use super::BenchError;
use super::target::Target;

/// Bytes a reader has room for at first; it grows for larger messages.
const BUFFER_BYTES: usize = 8 << 10;

/// Longest answer to an upgrade request that is looked at, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Masking protects proxies from clients that cannot be trusted; here any key does.
const MASK: [u8; 4] = [0x5a, 0x17, 0xc3, 0x8e];

const TEXT: u8 = 0x81;
const PONG: u8 = 0x8a;

pub struct Reader {
    stream: Rc<TcpStream>,
    buffer: Vec<u8>,
    /// What has been read and not yet been given out.
    from: usize,
    to: usize,
}

pub struct Writer {
    stream: Rc<TcpStream>,
    frames: Vec<u8>,
}

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    Message(&'a [u8]),
    Ping(&'a [u8]),
    Pong,
}

pub async fn open(target: &Target, path: &str) -> Result<(Reader, Writer), BenchError> {
    let stream = Rc::new(target.connect().await?);
    let mut reader = Reader::new(stream.clone());
    let mut writer = Writer { stream, frames: Vec::new() };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        target.host
    );
    writer.frames.extend_from_slice(request.as_bytes());
    writer.flush().await?;
    reader.upgraded().await?;
    Ok((reader, writer))
}

impl Reader {
    fn new(stream: Rc<TcpStream>) -> Self {
        Self { stream, buffer: vec![0; BUFFER_BYTES], from: 0, to: 0 }
    }

    async fn upgraded(&mut self) -> Result<(), BenchError> {
        loop {
            self.fill().await?;
            let bytes = &self.buffer[self.from..self.to];
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let line = bytes.split(|&byte| byte == b'\r').next().unwrap_or_default();
                if !line.starts_with(b"HTTP/1.1 101") {
                    let line = String::from_utf8_lossy(line).into_owned();
                    return Err(BenchError::Answer(format!("`{line}` to an upgrade")));
                }
                self.from += end + 4;
                return Ok(());
            }
            if bytes.len() > HEAD_BYTES_MAX {
                return Err(BenchError::Answer("an upgrade's answer has no end".to_owned()));
            }
        }
    }

    /// Waits until more has arrived.
    pub async fn fill(&mut self) -> Result<(), BenchError> {
        if self.from == self.to {
            (self.from, self.to) = (0, 0);
        }
        if self.to == self.buffer.len() {
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
            if self.to * 2 >= self.buffer.len() {
                self.buffer.resize((self.buffer.len() * 2).max(BUFFER_BYTES), 0);
            }
        }
        loop {
            match self.stream.try_read(&mut self.buffer[self.to..]) {
                Ok(0) => return Err(BenchError::Closed("without a close frame".to_owned())),
                Ok(length) => {
                    self.to += length;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.readable().await.map_err(BenchError::io("read"))?;
                }
                Err(error) => return Err(BenchError::io("read")(error)),
            }
        }
    }

    /// The next whole frame of what has arrived.
    pub fn next(&mut self) -> Result<Option<Incoming<'_>>, BenchError> {
        let bytes = &self.buffer[self.from..self.to];
        let Some(head) = Head::read(bytes) else { return Ok(None) };
        let Some(end) = head.start.checked_add(head.length).filter(|&end| end <= bytes.len())
        else {
            return Ok(None);
        };
        let payload = self.from + head.start..self.from + end;
        self.from += end;
        let payload = &self.buffer[payload];
        match head.opcode {
            0x81 | 0x82 => Ok(Some(Incoming::Message(payload))),
            0x89 => Ok(Some(Incoming::Ping(payload))),
            0x8a => Ok(Some(Incoming::Pong)),
            0x88 => Err(BenchError::Closed(reason(payload))),
            other => Err(BenchError::Answer(format!("a frame that starts with {other:#04x}"))),
        }
    }

    /// Gives its memory back until something arrives: for connections that are only there.
    pub fn rest(&mut self) {
        if self.from == self.to {
            self.buffer = Vec::new();
            (self.from, self.to) = (0, 0);
        }
    }
}

struct Head {
    opcode: u8,
    start: usize,
    length: usize,
}

impl Head {
    /// `None` while it is not there in full. Frames of a server are not masked.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&opcode, &length) = (bytes.first()?, bytes.get(1)?);
        let (start, length) = match length & 0x7f {
            126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
            127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
            short => (2, u64::from(short)),
        };
        Some(Self { opcode, start, length: usize::try_from(length).ok()? })
    }
}

fn reason(payload: &[u8]) -> String {
    match payload {
        [high, low, text @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            format!("{code} {}", String::from_utf8_lossy(text))
        }
        _ => "no code".to_owned(),
    }
}

impl Writer {
    /// Adds a text message to what the next `flush` sends.
    pub fn push(&mut self, message: &[u8]) {
        self.frame(TEXT, message);
    }

    pub fn pong(&mut self, payload: &[u8]) {
        self.frame(PONG, payload);
    }

    fn frame(&mut self, opcode: u8, payload: &[u8]) {
        self.frames.push(opcode);
        match payload.len() {
            short @ 0..126 => self.frames.push(0x80 | short as u8),
            middle @ 126..=0xffff => {
                self.frames.push(0x80 | 126);
                self.frames.extend_from_slice(&(middle as u16).to_be_bytes());
            }
            long => {
                self.frames.push(0x80 | 127);
                self.frames.extend_from_slice(&(long as u64).to_be_bytes());
            }
        }
        self.frames.extend_from_slice(&MASK);
        let start = self.frames.len();
        self.frames.extend_from_slice(payload);
        let mask = u32::from_ne_bytes(MASK);
        let mut words = self.frames[start..].chunks_exact_mut(4);
        for word in &mut words {
            let masked = u32::from_ne_bytes([word[0], word[1], word[2], word[3]]) ^ mask;
            word.copy_from_slice(&masked.to_ne_bytes());
        }
        for (byte, mask) in words.into_remainder().iter_mut().zip(MASK) {
            *byte ^= mask;
        }
    }

    /// Sends what was pushed, in one write where it fits.
    pub async fn flush(&mut self) -> Result<(), BenchError> {
        let mut sent = 0;
        while sent < self.frames.len() {
            match self.stream.try_write(&self.frames[sent..]) {
                Ok(length) => sent += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.writable().await.map_err(BenchError::io("write"))?;
                }
                Err(error) => return Err(BenchError::io("write")(error)),
            }
        }
        self.frames.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_the_three_forms() {
        let read = |bytes: &[u8]| Head::read(bytes).map(|head| (head.start, head.length));
        assert_eq!(read(b"\x81\x02hi"), Some((2, 2)));
        assert_eq!(read(b"\x81\x7e\x01\x00"), Some((4, 256)));
        assert_eq!(read(b"\x82\x7f\0\0\0\0\0\x01\0\0"), Some((10, 65_536)));
        assert_eq!(read(b"\x81"), None);
        assert_eq!(read(b"\x81\x7e\x01"), None);
    }

    #[test]
    fn reasons() {
        assert_eq!(reason(b"\x03\xe8bye"), "1000 bye");
        assert_eq!(reason(b""), "no code");
    }
}
