//! Ops of `crypto.DigestStream` and of MD5: digests that are fed piece by piece.

use std::collections::HashMap;

use deno_core::{OpState, op2, v8};
use sha2::digest::DynDigest;

use super::OpError;
use crate::engine::turn;
use crate::limits;

/// The digests an isolate has begun.
#[derive(Default)]
struct Digests {
    last: u32,
    open: HashMap<u32, Box<dyn DynDigest>>,
}

fn digests(state: &mut OpState) -> &mut Digests {
    if !state.has::<Digests>() {
        state.put(Digests::default());
    }
    state.borrow_mut::<Digests>()
}

#[op2(fast)]
pub fn op_digest_new(state: &mut OpState, #[string] name: &str) -> Result<u32, OpError> {
    let digest: Box<dyn DynDigest> = match name.to_ascii_uppercase().as_str() {
        "MD5" => Box::<md5::Md5>::default(),
        "SHA-1" => Box::<sha1::Sha1>::default(),
        "SHA-256" => Box::<sha2::Sha256>::default(),
        "SHA-384" => Box::<sha2::Sha384>::default(),
        "SHA-512" => Box::<sha2::Sha512>::default(),
        _ => return Err(OpError::Digest(name.to_owned())),
    };
    let digests = digests(state);
    if digests.open.len() >= limits::DIGESTS_MAX {
        return Err(OpError::TooManyDigests(limits::DIGESTS_MAX));
    }
    digests.last = digests.last.checked_add(1).unwrap_or(1);
    digests.open.insert(digests.last, digest);
    Ok(digests.last)
}

#[op2(fast)]
pub fn op_digest_update(state: &mut OpState, id: u32, #[buffer] bytes: &[u8]) {
    if let Some(digest) = digests(state).open.get_mut(&id) {
        digest.update(bytes);
    }
}

/// Ends a digest and gives it; empty if there is none.
#[op2]
pub fn op_digest_finish<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &mut OpState,
    id: u32,
) -> v8::Local<'s, v8::Value> {
    let open = digests(state).open.remove(&id);
    let digest = open.map(|digest| digest.finalize()).unwrap_or_default();
    turn::bytes(scope, &digest)
}
