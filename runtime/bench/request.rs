//! An HTTP/1.1 client on one connection that stays open: one request at a time, the answer read
//! whole.
//!
//! Knows `Content-Length` and `Transfer-Encoding: chunked`. An answer it cannot read is an error
//! and ends the measurement of its client.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::BenchError;
use super::target::Target;

/// Longest answer that is read, in bytes: parties under measurement answer with a number.
const ANSWER_BYTES_MAX: usize = 1 << 20;

pub struct Client {
    stream: TcpStream,
    host: String,
    request: String,
    answer: Vec<u8>,
}

struct Head {
    status: u16,
    /// Of the head, with its empty line.
    length: usize,
    body: Body,
}

#[derive(Debug, PartialEq, Eq)]
enum Body {
    Length(usize),
    Chunked,
}

impl Client {
    pub async fn connect(target: &Target) -> Result<Self, BenchError> {
        let stream = target.connect().await?;
        let host = target.host.clone();
        Ok(Self { stream, host, request: String::new(), answer: Vec::new() })
    }

    /// The body of the answer, which must be a 200 and a number.
    pub async fn number(&mut self, method: &str, path: &str) -> Result<u64, BenchError> {
        let (status, text) = self.ask(method, path).await?;
        match text.trim().parse() {
            Ok(number) if status == 200 => Ok(number),
            _ => Err(BenchError::Answer(format!("{status} `{text}` to {method} {path}"))),
        }
    }

    /// Status and body of the answer, whatever they are.
    pub async fn ask(&mut self, method: &str, path: &str) -> Result<(u16, String), BenchError> {
        use std::fmt::Write;
        self.request.clear();
        let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
        let _ =
            write!(self.request, "{method} {path} HTTP/1.1\r\nHost: {}\r\n{length}\r\n", self.host);
        let sent = self.stream.write_all(self.request.as_bytes()).await;
        sent.map_err(BenchError::io("write"))?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await;
            if read.map_err(BenchError::io("read"))? == 0 {
                let end = io::Error::from(io::ErrorKind::UnexpectedEof);
                return Err(BenchError::io("read an answer")(end));
            }
            if let Some((status, body)) = parse(&self.answer)? {
                return Ok((status, String::from_utf8_lossy(&body).into_owned()));
            }
            if self.answer.len() > ANSWER_BYTES_MAX {
                return Err(BenchError::Answer(format!("more than 1 MiB to {method} {path}")));
            }
        }
    }
}

/// Status and body, once all of it is there.
fn parse(answer: &[u8]) -> Result<Option<(u16, Vec<u8>)>, BenchError> {
    let Some(head) = head(answer)? else { return Ok(None) };
    let rest = &answer[head.length..];
    let body = match head.body {
        Body::Length(length) => rest.get(..length).map(<[u8]>::to_vec),
        Body::Chunked => chunks(rest),
    };
    Ok(body.map(|body| (head.status, body)))
}

fn head(answer: &[u8]) -> Result<Option<Head>, BenchError> {
    let Some(length) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&answer[..length])
        .map_err(|_| BenchError::Answer("headers that are no text".to_owned()))?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| BenchError::Answer(format!("`{first}`")))?;
    let mut body = Body::Length(0);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.trim().parse();
            body = Body::Length(length.map_err(|_| BenchError::Answer(format!("length {value}")))?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            body = Body::Chunked;
        }
    }
    Ok(Some(Head { status, length: length + 4, body }))
}

fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..line]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let chunk = rest.get(line + 2..)?;
        if size == 0 {
            return chunk.starts_with(b"\r\n").then_some(body);
        }
        body.extend_from_slice(chunk.get(..size)?);
        rest = chunk.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(answer: &str) -> Option<(u16, Vec<u8>)> {
        parse(answer.as_bytes()).expect("it can be read")
    }

    #[test]
    fn answers_with_a_length() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: y\r\n\r\n17";
        assert_eq!(parsed(answer), Some((200, b"17".to_vec())));
        assert_eq!(parsed(&answer[..answer.len() - 1]), None);
        assert_eq!(parsed(&answer[..20]), None);
    }

    #[test]
    fn answers_in_chunks() {
        let answer =
            "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n2;a\r\n78\r\n0\r\n\r\n";
        assert_eq!(parsed(answer), Some((503, b"178".to_vec())));
        for end in 0..answer.len() {
            assert_eq!(parsed(&answer[..end]), None, "{end}");
        }
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        assert!(parse(b"nonsense\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n").is_err());
    }
}
