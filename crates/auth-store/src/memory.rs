use std::hint::black_box;

/// What a request, its answer and a change of the document take beside two copies of the document.
const BESIDE: usize = 1024 * 1024;

/// Has the allocator take from the system what a save of this many bytes needs, and keep it: where the
/// system gives no memory any more, the program would end in the middle of the save.
///
/// The allocator of glibc gives a large block back at once, but from then on it keeps one of that size
/// for the next. Other allocators may keep nothing, and lose nothing either.
pub(crate) fn preallocate(length: u64) {
    let length = usize::try_from(length).unwrap_or_default() * 2 + BESIDE;
    for _ in 0..2 {
        // What was only asked for may not be had when it is used.
        drop(black_box(vec![1_u8; length]));
    }
}
