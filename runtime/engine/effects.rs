//! What leaves a room: effects that passed the output gate become frames, answers, and requests to
//! other rooms. Runs on the shard between turns; nothing here enters an isolate or blocks.

use std::rc::{Rc, Weak};

use bytes::Bytes;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

use super::SocketEnd;
use super::live::Live;
use super::shard::Shard;
use super::transport::{PairDelivery, Parcel, Transport};
use crate::name::RoomKey;
use crate::room::connection::Socket as SocketData;
use crate::room::event::{
    BodyError, Completion, Event, Message, PairFrame, Reply, Request, SocketId, Wire,
};
use crate::room::{Effect, RequestId};
use crate::wire::{End, Flow, Frame, Socket, WireSink};

/// What a party is told when a stub's target did not accept the socket.
const NOT_A_SOCKET: &str = "Expected a websocket response";

impl Shard {
    /// Lets out what the gate has released.
    pub fn perform(self: &Rc<Self>, live: &Rc<Live>) {
        loop {
            let effect = live.room.borrow_mut().leaving();
            let Some(effect) = effect else { return };
            self.perform_one(live, effect);
        }
    }

    fn perform_one(self: &Rc<Self>, live: &Rc<Live>, effect: Effect) {
        match effect {
            Effect::Send { to, message } => self.send(live, &[to], &message),
            Effect::Broadcast { to, message } => self.send(live, &to, &message),
            Effect::Close { socket, code, reason } => {
                let pair = live
                    .transports
                    .borrow_mut()
                    .get_mut(&socket)
                    .and_then(|transport| transport.close(code, &reason));
                if let Some(delivery) = pair {
                    self.deliver_pair(delivery);
                    // The party's own end learns that it is over, as a socket on the wire would.
                    let closed = closed(socket, code.unwrap_or(1005), reason, true);
                    live.push_from(crate::room::section::SectionId::ROOT, closed);
                }
            }
            Effect::Reply { request, reply } => self.reply(live, request, *reply),
            Effect::Chunk { writer, chunk, completion } => {
                self.write_chunk(live, writer, chunk, completion);
            }
            Effect::End { writer } => drop(live.desk.borrow_mut().close_writer(writer)),
            Effect::Call { target, request, completion } => {
                self.call(live, target, *request, completion);
            }
            Effect::Dial { target, request, completion } => {
                self.dial(live, target, *request, completion);
            }
            Effect::Synced { completion } => live.complete(completion, Completion::Done),
        }
    }

    // ---- sockets ------------------------------------------------------------------------------

    fn send(self: &Rc<Self>, live: &Rc<Live>, to: &[SocketId], message: &Message) {
        let frame = Frame::from_message(message);
        let mut pairs: Vec<PairDelivery> = Vec::new();
        {
            let mut transports = live.transports.borrow_mut();
            for socket in to {
                if let Some(transport) = transports.get_mut(socket) {
                    pairs.extend(transport.send(message, &frame));
                }
            }
        }
        for delivery in pairs {
            self.deliver_pair(delivery);
        }
    }

    fn deliver_pair(&self, (room, socket, frame): PairDelivery) {
        // The host is going down if this fails; then the other end goes down as well.
        let _ = self.directory.deliver(room, Event::Pair { socket, frame });
    }

    /// An event about a socket of this room.
    pub fn socket_event(self: &Rc<Self>, live: &Rc<Live>, event: Event) {
        match event {
            Event::Attach { socket, wire } => self.attach_wire(live, socket, wire),
            Event::AttachPair { socket, peer_room, peer } => {
                self.attach(live, socket, Transport::Pair { room: peer_room, peer, closed: false });
            }
            Event::Abandon { socket } => {
                let known = live.transports.borrow_mut().remove(&socket);
                if known.is_some() {
                    self.ended(live, closed(socket, 1006, String::new(), false));
                }
            }
            Event::Pair { socket, frame } => self.pair_frame(live, socket, frame),
            _ => {}
        }
    }

    fn attach_wire(self: &Rc<Self>, live: &Rc<Live>, socket: SocketId, wire: Wire) {
        if !live.transports.borrow().contains_key(&socket) {
            self.turn_away(socket, wire);
            return;
        }
        let sink = Rc::new(LiveSink { live: Rc::downgrade(live) });
        match Socket::attach(socket, wire, sink, self.wire.clone()) {
            Ok(wire) => self.attach(live, socket, Transport::Wire(wire)),
            Err(error) => {
                live.log(2, &format!("cannot attach a socket: {error}"));
                live.transports.borrow_mut().remove(&socket);
                self.ended(live, closed(socket, 1006, String::new(), false));
            }
        }
    }

    /// The socket has somewhere to go: sends what waited, in order.
    fn attach(self: &Rc<Self>, live: &Rc<Live>, socket: SocketId, target: Transport) {
        let parcels = live.transports.borrow_mut().get_mut(&socket).and_then(|t| t.attach(target));
        for parcel in parcels.unwrap_or_default() {
            match parcel {
                Parcel::Message(message) => self.send(live, &[socket], &message),
                Parcel::Close { code, reason } => {
                    self.perform_one(live, Effect::Close { socket, code, reason });
                }
            }
        }
    }

    fn pair_frame(self: &Rc<Self>, live: &Rc<Live>, socket: SocketId, frame: PairFrame) {
        if !live.transports.borrow().contains_key(&socket) {
            return;
        }
        let event = match frame {
            PairFrame::Message(_) => Event::Pair { socket, frame },
            PairFrame::Close { code, reason } => closed(socket, code.unwrap_or(1005), reason, true),
            PairFrame::Lost => closed(socket, 1006, String::new(), false),
        };
        if matches!(event, Event::Closed { .. }) {
            live.transports.borrow_mut().remove(&socket);
            self.ended(live, event);
        } else {
            live.push_from(crate::room::section::SectionId::ROOT, event);
        }
    }

    /// A socket is over: the room hears of it after everything it sent before.
    fn ended(&self, live: &Rc<Live>, event: Event) {
        live.push_from(crate::room::section::SectionId::ROOT, event);
    }

    /// A socket event for a room that is no longer here: its other end is told.
    pub fn socket_event_for_nobody(&self, event: Event) {
        match event {
            Event::AttachPair { peer_room, peer, .. } => {
                self.deliver_pair((peer_room, peer, PairFrame::Lost));
            }
            Event::Attach { socket, wire } => self.turn_away(socket, wire),
            _ => {}
        }
    }

    /// The room broke between its answer and the hand-over: the client gets the close that the
    /// room's other sockets got.
    fn turn_away(&self, socket: SocketId, wire: Wire) {
        // A socket that cannot even be attached is closed by being dropped.
        if let Ok(attached) = Socket::attach(socket, wire, Rc::new(Nobody), self.wire.clone()) {
            attached.close(Some(1011), "the room was reset");
        }
    }

    // ---- answers ------------------------------------------------------------------------------

    fn reply(self: &Rc<Self>, live: &Rc<Live>, request: RequestId, reply: Reply) {
        let Some(waiting) = live.desk.borrow_mut().close_request(request) else { return };
        if let Err(Reply::Upgrade { socket, .. }) = waiting.reply.send(reply) {
            // The client left before its socket was accepted.
            self.socket_event(live, Event::Abandon { socket });
        }
    }

    fn write_chunk(
        self: &Rc<Self>,
        live: &Rc<Live>,
        writer: u32,
        chunk: Result<Bytes, BodyError>,
        completion: u32,
    ) {
        let desk = live.desk.borrow();
        let Some(sender) = desk.writer(writer) else {
            drop(desk);
            live.complete(completion, Completion::Nothing);
            return;
        };
        match sender.try_send(chunk) {
            Ok(()) => {
                drop(desk);
                live.complete(completion, Completion::Done);
            }
            Err(TrySendError::Closed(_)) => {
                drop(desk);
                live.complete(completion, Completion::Nothing);
            }
            Err(TrySendError::Full(chunk)) => {
                let sender = sender.clone();
                drop(desk);
                let live = live.clone();
                tokio::task::spawn_local(async move {
                    let outcome = match sender.send(chunk).await {
                        Ok(()) => Completion::Done,
                        Err(_) => Completion::Nothing,
                    };
                    live.complete(completion, outcome);
                });
            }
        }
    }

    // ---- other rooms --------------------------------------------------------------------------

    /// `stub.fetch()`: the answer of the target, whatever it is, is a response.
    fn call(&self, live: &Rc<Live>, target: RoomKey, request: Request, completion: u32) {
        let (reply, answer) = oneshot::channel();
        if self.directory.deliver(target, Event::Request { request, reply }).is_err() {
            live.complete(completion, Completion::Failed("the host is shutting down".into()));
            return;
        }
        let live = live.clone();
        tokio::task::spawn_local(async move {
            let outcome = match answer.await {
                Ok(Reply::Response(response)) => Completion::Response(response),
                Ok(Reply::Failed { status, message }) => {
                    Completion::Response(super::ops::plain_response(status, message))
                }
                Ok(_) => Completion::Failed("the room did not answer with a response".into()),
                Err(_) => Completion::Failed("the room went away before it answered".into()),
            };
            live.complete(completion, outcome);
        });
    }

    /// `stub.socket()`: two sockets, one in each room, joined by the directory.
    fn dial(self: &Rc<Self>, live: &Rc<Live>, target: RoomKey, request: Request, completion: u32) {
        let (reply, answer) = oneshot::channel();
        if self.directory.deliver(target, Event::Connect { request, reply }).is_err() {
            live.complete(completion, Completion::Failed("the host is shutting down".into()));
            return;
        }
        let (shard, live) = (self.clone(), live.clone());
        tokio::task::spawn_local(async move {
            let Ok(Reply::Upgrade { room, socket: peer, .. }) = answer.await else {
                live.complete(completion, Completion::Failed(NOT_A_SOCKET.into()));
                return;
            };
            if live.gone.get() {
                // Nobody is here to attach: the target's end is closed.
                let _ = shard.directory.deliver(room, Event::Abandon { socket: peer });
                return;
            }
            let socket = live.open_socket();
            live.room.borrow_mut().sockets.insert(socket, SocketData::Raw);
            let transport = Transport::Pair { room: room.clone(), peer, closed: false };
            shard.attach(&live, socket, transport);
            live.complete(completion, Completion::Socket(socket));
            let attach =
                Event::AttachPair { socket: peer, peer_room: live.key.clone(), peer: socket };
            let _ = shard.directory.deliver(room, attach);
        });
    }
}

/// A line for the log.
fn tell_end(live: &Live, socket: SocketId, end: &End) {
    let settings = live.shard.settings();
    let Some(tell) = &settings.on_socket_end else { return };
    let id = live.room.borrow_mut().sockets.connection_mut(socket).map(|known| known.id.clone());
    if let Some(id) = id {
        let End { code, reason, clean, .. } = end;
        tell(&live.key, &SocketEnd { connection: &id, code: *code, reason, clean: *clean });
    }
}

fn closed(socket: SocketId, code: u16, reason: String, clean: bool) -> Event {
    Event::Closed { socket, code, reason, clean, error: None }
}

/// Hears what a socket says that has no room.
struct Nobody;

impl WireSink for Nobody {
    fn message(&self, _: SocketId, _: Message) -> Flow {
        Flow::Continue
    }

    fn closed(&self, _: SocketId, _: End) {}
}

/// Where the frames of a wire arrive.
struct LiveSink {
    live: Weak<Live>,
}

impl WireSink for LiveSink {
    fn message(&self, socket: SocketId, message: Message) -> Flow {
        let Some(live) = self.live.upgrade() else { return Flow::Continue };
        live.push_from(crate::room::section::SectionId::ROOT, Event::Message { socket, message });
        if live.room.borrow().is_congested() {
            live.paused.borrow_mut().push(socket);
            return Flow::Pause;
        }
        Flow::Continue
    }

    fn closed(&self, socket: SocketId, end: End) {
        let Some(live) = self.live.upgrade() else { return };
        live.transports.borrow_mut().remove(&socket);
        tell_end(&live, socket, &end);
        let End { code, reason, clean, error } = end;
        live.push_from(
            crate::room::section::SectionId::ROOT,
            Event::Closed { socket, code, reason, clean, error },
        );
    }
}
