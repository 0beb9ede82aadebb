//! The load of the crash harness: every room has one writer, which counts up as fast as it is
//! acknowledged and remembers how far that was when the connection broke.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Frame, Socket};

/// Rooms of each kind.
const ROOMS: [(Kind, usize); 3] = [(Kind::Http, 16), (Kind::Socket, 12), (Kind::Alarm, 6)];

/// Frames a socket has under way before it waits for the first to be acknowledged.
const FRAMES_UNDER_WAY: u64 = 8;

/// How its writer talks to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Http,
    Socket,
    Alarm,
}

#[derive(Debug)]
pub struct Room {
    pub id: String,
    pub kind: Kind,
    /// The highest number that was acknowledged or shown to anybody.
    pub acknowledged: u64,
    /// The highest number that was asked for.
    pub tried: u64,
}

impl Room {
    /// What is stored may be ahead of what was acknowledged.
    pub fn go_on_from(&mut self, stored: u64) {
        self.acknowledged = stored;
        self.tried = stored;
    }
}

pub struct Load {
    rooms: Vec<Room>,
}

pub struct Running {
    writers: JoinSet<Room>,
}

impl Load {
    pub fn new() -> Self {
        let rooms = ROOMS.iter().flat_map(|&(kind, count)| {
            (0..count).map(move |index| Room {
                id: format!("{kind:?}-{index}").to_lowercase(),
                kind,
                acknowledged: 0,
                tried: 0,
            })
        });
        Self { rooms: rooms.collect() }
    }

    /// Every room's writer starts; the load is given back when they have stopped.
    pub fn start(self, address: SocketAddr) -> Running {
        let mut writers = JoinSet::new();
        for room in self.rooms {
            match room.kind {
                Kind::Http => writers.spawn(write_requests(room, address)),
                Kind::Socket => writers.spawn(write_frames(room, address)),
                Kind::Alarm => writers.spawn(set_alarms(room, address)),
            };
        }
        Running { writers }
    }

    /// The rooms that write keys.
    pub fn writers(&mut self) -> impl Iterator<Item = &mut Room> {
        self.rooms.iter_mut().filter(|room| room.kind != Kind::Alarm)
    }

    /// The rooms that set alarms, with the last one that was acknowledged.
    pub fn bells(&self) -> Vec<(String, u64)> {
        let bells = self.rooms.iter().filter(|room| room.kind == Kind::Alarm);
        bells.map(|room| (room.id.clone(), room.acknowledged)).collect()
    }

    pub fn acknowledged(&self, kind: Kind) -> u64 {
        let rooms = self.rooms.iter().filter(|room| room.kind == kind);
        rooms.map(|room| room.acknowledged).sum()
    }

    pub fn total(&self) -> u64 {
        self.rooms.iter().map(|room| room.acknowledged).sum()
    }
}

impl Running {
    /// Waits until every writer has noticed that the host is gone.
    pub async fn stopped(self) -> Load {
        let mut rooms = self.writers.join_all().await;
        rooms.sort_by(|a, b| a.id.cmp(&b.id));
        Load { rooms }
    }
}

/// Asks for the next number until the connection breaks. Any answer but the number is a fault.
async fn write_requests(room: Room, address: SocketAddr) -> Room {
    requests(room, address, |id, n| format!("/party/{id}/put?n={n}")).await
}

/// Alarms that ring soon: some before the blow, some during, some after the restart.
async fn set_alarms(room: Room, address: SocketAddr) -> Room {
    requests(room, address, |id, n| format!("/party/{id}/alarm?n={n}&in={}", n * 37 % 900)).await
}

async fn requests(mut room: Room, address: SocketAddr, path: fn(&str, u64) -> String) -> Room {
    let Ok(mut client) = Client::connect(address).await else { return room };
    loop {
        room.tried += 1;
        let asked = path(&room.id, room.tried);
        match client.request("POST", &asked, &[], Default::default()).await {
            Ok(answer) => {
                assert_eq!((answer.status, answer.json()), (200, room.tried.into()), "{asked}");
                room.acknowledged = room.tried;
            }
            Err(_) => return room,
        }
    }
}

/// Sends numbers as frames; each is acknowledged by its coming back, and an onlooker sees it, too.
async fn write_frames(mut room: Room, address: SocketAddr) -> Room {
    let path = format!("/party/{}", room.id);
    let Ok(mut writer) = Socket::try_open(address, &path, &[]).await else { return room };
    let Ok(onlooker) = Socket::try_open(address, &path, &[]).await else { return room };
    let seen = Arc::new(AtomicU64::new(0));
    let looking = tokio::spawn(look_on(onlooker, seen.clone()));
    let mut next = room.acknowledged + 1;
    loop {
        while room.tried - room.acknowledged < FRAMES_UNDER_WAY {
            room.tried += 1;
            if writer.try_send(Message::text(room.tried.to_string())).await.is_err() {
                break;
            }
        }
        match writer.next().await {
            Frame::Text(text) => {
                assert_eq!(text, next.to_string(), "{}: out of order", room.id);
                room.acknowledged = next;
                next += 1;
            }
            Frame::Close { .. } => break,
            other => panic!("{}: nobody sent {other:?}", room.id),
        }
    }
    looking.await.expect("the onlooker saw numbers");
    room.acknowledged = room.acknowledged.max(seen.load(Ordering::Relaxed));
    room
}

async fn look_on(mut onlooker: Socket, seen: Arc<AtomicU64>) {
    while let Frame::Text(text) = onlooker.next().await {
        let number = text.parse().expect("a number");
        assert!(seen.fetch_max(number, Ordering::Relaxed) < number, "out of order: {number}");
    }
}
