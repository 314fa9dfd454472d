use std::time::Duration;

/// The time of a clock that also runs while the machine is suspended, unlike that of the timeouts.
#[cfg(unix)]
pub(crate) fn uptime() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    // Elsewhere than on Linux, the monotonic clock runs while the machine is suspended.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = ClockId::Monotonic;
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The performance counter of Windows runs while the machine is suspended.
#[cfg(not(unix))]
pub(crate) fn uptime() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let start = *START;
    start.elapsed()
}
