//! TLS under a WebSocket: what `reader` and `outbox` do to a socket whose port speaks HTTPS.
//!
//! The edge has shaken hands already; the connection comes with the wire and is driven here by
//! hand, on the shard, as the plain one is: bytes are decrypted when the socket's task reads them
//! and encrypted when a frame is sent, without another task or a copy of what waits. Reader and
//! outbox share it, because each of them may owe the peer records of the other's doing (alerts,
//! answers to key updates).
//!
//! Never waits and never decides how a socket ends. Plaintext that was taken may still wait here as
//! records, at most rustls' 64 KiB of them: `is_behind` says so, and nothing more is taken until
//! they have left. A record that cannot be decrypted is an error of the stream; the socket is lost.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;

use rustls::ServerConnection;

pub(super) struct Tls {
    connection: RefCell<Box<ServerConnection>>,
    /// Bytes came since the last look, if only a part of a record.
    heard: Cell<bool>,
    /// Records have left since the last look.
    moved: Cell<bool>,
}

impl Tls {
    pub fn new(connection: Box<ServerConnection>) -> Rc<Self> {
        let connection = RefCell::new(connection);
        Rc::new(Self { connection, heard: Cell::new(false), moved: Cell::new(false) })
    }

    /// Whether `read` gives something without another byte from the peer.
    pub fn is_readable(&self) -> bool {
        !self.connection.borrow().wants_read()
    }

    /// Whether records wait for the kernel.
    pub fn is_behind(&self) -> bool {
        self.connection.borrow().wants_write()
    }

    pub fn take_heard(&self) -> bool {
        self.heard.take()
    }

    pub fn take_moved(&self) -> bool {
        self.moved.take()
    }

    /// Decrypts what has arrived. Zero is the end of the stream, with or without a farewell.
    pub fn read(&self, raw: &mut impl Read, space: &mut [u8]) -> io::Result<usize> {
        let mut connection = self.connection.borrow_mut();
        while connection.wants_read() {
            if connection.read_tls(raw)? == 0 {
                return Ok(0);
            }
            self.heard.set(true);
            let processed = connection.process_new_packets();
            processed.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        }
        connection.reader().read(space)
    }

    /// Encrypts as much of `parts` as may wait, and hands it on. As with a plain stream, nothing is
    /// taken while the kernel is full.
    pub fn write(&self, raw: &mut impl Write, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.flush(raw)?;
        let taken = self.connection.borrow_mut().writer().write_vectored(parts)?;
        match self.flush(raw) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Hands the kernel every record that waits.
    pub fn flush(&self, raw: &mut impl Write) -> io::Result<()> {
        let mut connection = self.connection.borrow_mut();
        while connection.wants_write() {
            if connection.write_tls(raw)? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            self.moved.set(true);
        }
        Ok(())
    }

    /// Tells the peer that nothing follows, if the kernel takes it at once.
    pub fn close(&self, raw: &mut impl Write) {
        self.connection.borrow_mut().send_close_notify();
        // A peer that is gone or does not read learns it from the end of the connection.
        let _ = self.flush(raw);
    }
}
