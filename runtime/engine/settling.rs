//! Rooms that broke while batches of theirs were on their way to the disk. Such a room starts again only
//! when it is known what became of them; the shard does not wait for that, and takes care of its
//! others meanwhile. Its new life lies ready and takes events into its inbox until then.
//!
//! Used by the shard (`visit`, `committed`) and by `break_down.rs`. Nothing is lost if the host ends first:
//! the stored alarm is looked at by the next one.

use std::rc::Rc;

use super::live::Live;
use super::shard::Shard;
use crate::name::RoomKey;

/// A room that broke and may not start yet.
pub struct Settling {
    live: Rc<Live>,
    /// What is left to do once its batches have settled; then what that writes has to settle.
    rang: Option<bool>,
}

impl Shard {
    /// The last thing of a room that broke: its alarm. `rang`: it was due and waited in the inbox.
    pub fn settle(self: &Rc<Self>, live: &Rc<Live>, rang: bool) {
        let mut settling = Settling { live: live.clone(), rang: Some(rang) };
        if !self.advance(&mut settling) {
            self.settling.borrow_mut().push(settling);
        }
    }

    /// Whether the room has to wait for what its former life had on its way.
    pub fn is_settling(&self, room: &RoomKey) -> bool {
        self.settling.borrow().iter().any(|settling| settling.live.key == *room)
    }

    /// The committer is through with another group.
    pub fn look_at_settling(self: &Rc<Self>) {
        let waiting = std::mem::take(&mut *self.settling.borrow_mut());
        for mut settling in waiting {
            if self.advance(&mut settling) {
                if let Some(next) = self.room(&settling.live.key) {
                    next.enqueue();
                }
            } else {
                self.settling.borrow_mut().push(settling);
            }
        }
    }

    /// Gives whether the room may start.
    fn advance(self: &Rc<Self>, settling: &mut Settling) -> bool {
        let live = &settling.live;
        if !self.store.is_settled(&live.key) {
            return false;
        }
        if let Some(rang) = settling.rang.take() {
            live.store.borrow_mut().discard();
            self.rearm_alarm(live, rang);
        }
        self.store.is_settled(&live.key)
    }
}
