//! How an isolate boots: from the snapshot that the build script made (runtime/build.rs).
//!
//! There is exactly one snapshot in a process, because V8 shares its read-only part between isolates.
//! Scripts that are not in it are embedded beside it; nothing is read from disk at run time.

use std::borrow::Cow;
use std::sync::Arc;

use deno_core::{Extension, RuntimeOptions};
use deno_permissions::{Permissions, PermissionsContainer, RuntimePermissionDescriptorParser};

use super::{network, ops, web};

static SNAPSHOT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/houseparty.snapshot"));

include!(concat!(env!("OUT_DIR"), "/residual.rs"));

/// Runtime options of every isolate of the process.
pub fn runtime_options() -> RuntimeOptions {
    let mut extensions = web::platform(network::fetch_options());
    extensions.push(houseparty());
    RuntimeOptions {
        extensions,
        startup_snapshot: Some(SNAPSHOT),
        residual_lazy_js_sources: RESIDUAL_JS,
        residual_lazy_esm_sources: RESIDUAL_ESM,
        skip_op_registration: true,
        ..RuntimeOptions::default()
    }
}

fn houseparty() -> Extension {
    Extension {
        name: web::HOUSEPARTY,
        ops: Cow::Owned(ops::declarations()),
        op_state_fn: Some(Box::new(|state| {
            state.put(permissions());
        })),
        ..Extension::default()
    }
}

/// Parties may talk to the network and nothing else.
fn permissions() -> PermissionsContainer {
    let parser = RuntimePermissionDescriptorParser::new(sys_traits::impls::RealSys);
    let mut permissions = Permissions::none_without_prompt();
    permissions.net = Permissions::allow_all().net;
    PermissionsContainer::new(Arc::new(parser), permissions)
}
