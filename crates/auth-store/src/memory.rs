use std::hint::black_box;

/// The memory for a request, its answer and a change, besides two copies of the document.
const BESIDE: usize = 1024 * 1024;

/// Makes the allocator keep the memory for a save of this many bytes, because without memory the
/// process would die in the middle of the save.
///
/// The allocator of glibc returns a large block to the system at once, but keeps the next one of that
/// size. With other allocators this may have no effect.
pub(crate) fn preallocate(length: u64) {
    let length = usize::try_from(length).unwrap_or_default() * 2 + BESIDE;
    for _ in 0..2 {
        // Untouched memory may not be available when it is used.
        drop(black_box(vec![1_u8; length]));
    }
}
