//! Memory of array buffers, counted per isolate and bounded.
//!
//! Buffers lie outside of V8's heap, so its heap limit does not see them; without a bound of their own
//! one room could take all the memory of the machine. Past the limit V8 first collects garbage and
//! tries again; then the party gets a `RangeError`, and a turn that ends without room for a buffer it
//! asked for breaks the room (`is_exhausted`).
//!
//! One of two files with `unsafe` (the other is `isolate.rs`): V8 calls an allocator through C functions.

#![allow(unsafe_code)]

use std::alloc::Layout;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use deno_core::v8;

/// The buffers of one isolate.
#[derive(Debug)]
pub struct Buffers {
    used: AtomicUsize,
    limit: usize,
    /// The last buffer asked for was refused.
    exhausted: AtomicBool,
}

impl Buffers {
    pub fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            limit: limit_bytes,
            exhausted: AtomicBool::new(false),
        })
    }

    /// Whether the last buffer asked for did not fit.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::Relaxed)
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// The allocator for an isolate that these buffers belong to.
    pub fn allocator(self: &Arc<Self>) -> v8::UniqueRef<v8::Allocator> {
        // SAFETY: the handle is an `Arc` turned raw, which `release` turns back exactly once, when
        // V8 drops the allocator; until then `&Buffers` is valid on every thread (it is `Sync`).
        unsafe { v8::new_rust_allocator(Arc::into_raw(self.clone()), &VTABLE) }
    }

    fn take(&self, len: usize, zeroed: bool) -> *mut c_void {
        let before = self.used.fetch_add(len, Ordering::Relaxed);
        let fits = before.saturating_add(len) <= self.limit;
        let memory = match layout(len) {
            // SAFETY: the layout has a size above zero.
            Some(layout) if fits && zeroed => unsafe { std::alloc::alloc_zeroed(layout) },
            // SAFETY: the layout has a size above zero.
            Some(layout) if fits => unsafe { std::alloc::alloc(layout) },
            _ => std::ptr::null_mut(),
        };
        self.exhausted.store(memory.is_null(), Ordering::Relaxed);
        if memory.is_null() {
            self.used.fetch_sub(len, Ordering::Relaxed);
        }
        memory.cast()
    }
}

/// As malloc aligns; none for a length that no memory can have.
fn layout(len: usize) -> Option<Layout> {
    Layout::from_size_align(len.max(1), 16).ok()
}

static VTABLE: v8::RustAllocatorVtable<Buffers> =
    v8::RustAllocatorVtable { allocate, allocate_uninitialized, free, drop: release };

// SAFETY of these four: V8 calls them as `RustAllocatorVtable` says, with the handle of `allocator`.
unsafe extern "C" fn allocate(buffers: &Buffers, len: usize) -> *mut c_void {
    buffers.take(len, true)
}

unsafe extern "C" fn allocate_uninitialized(buffers: &Buffers, len: usize) -> *mut c_void {
    buffers.take(len, false)
}

unsafe extern "C" fn free(buffers: &Buffers, data: *mut c_void, len: usize) {
    if let Some(layout) = layout(len) {
        // SAFETY: V8 frees what `take` gave, once, with the length it asked for.
        unsafe { std::alloc::dealloc(data.cast(), layout) };
        buffers.used.fetch_sub(len, Ordering::Relaxed);
    }
}

unsafe extern "C" fn release(buffers: *const Buffers) {
    // SAFETY: matches `Arc::into_raw` in `allocator`.
    drop(unsafe { Arc::from_raw(buffers) });
}
