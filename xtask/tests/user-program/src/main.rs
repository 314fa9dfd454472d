//! Depends on every library crate, and finds its own JSON, URLs and logs as it would without them.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use tracing::{Event, Metadata, Subscriber, span};

fn main() {
    tagged_enum_with_a_float_round_trips();
    keys_of_a_map_are_sorted();
    host_beyond_ascii_is_converted();
    trace_events_reach_the_subscriber();
    trace_records_reach_the_logger();
}

/// `serde_json/arbitrary_precision` would break it.
fn tagged_enum_with_a_float_round_trips() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Shape {
        Circle { radius: f64 },
    }
    let circle = Shape::Circle { radius: 1.5 };
    let json = serde_json::to_string(&circle).unwrap();
    assert_eq!(json, r#"{"kind":"Circle","radius":1.5}"#);
    assert_eq!(serde_json::from_str::<Shape>(&json).unwrap(), circle);
}

/// `serde_json/preserve_order` would keep the order of the text.
fn keys_of_a_map_are_sorted() {
    let value: serde_json::Value = serde_json::from_str(r#"{"b":1,"a":2}"#).unwrap();
    assert_eq!(value.to_string(), r#"{"a":2,"b":1}"#);
}

/// A pinned `idna_adapter` of version 1.0 would refuse it.
fn host_beyond_ascii_is_converted() {
    let url = url::Url::parse("https://b\u{fc}cher.test").unwrap();
    assert_eq!(url.host_str(), Some("xn--bcher-kva.test"));
}

/// `tracing/release_max_level_*` would remove the event.
fn trace_events_reach_the_subscriber() {
    static EVENTS: AtomicUsize = AtomicUsize::new(0);

    struct CountEvents;

    impl Subscriber for CountEvents {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, _: &Event<'_>) {
            EVENTS.fetch_add(1, Ordering::Relaxed);
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    tracing::subscriber::with_default(CountEvents, || tracing::trace!("an event"));
    assert_eq!(EVENTS.load(Ordering::Relaxed), 1);
}

/// `log/release_max_level_off` would remove the record.
fn trace_records_reach_the_logger() {
    static RECORDS: AtomicUsize = AtomicUsize::new(0);

    struct CountRecords;

    impl log::Log for CountRecords {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }
        fn log(&self, _: &log::Record<'_>) {
            RECORDS.fetch_add(1, Ordering::Relaxed);
        }
        fn flush(&self) {}
    }

    log::set_logger(&CountRecords).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    log::trace!("a record");
    assert_eq!(RECORDS.load(Ordering::Relaxed), 1);
}
