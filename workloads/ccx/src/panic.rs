//! Panics in the log.

/// From now on a panic is an event in the log like any other, with its place.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            message,
            place,
            thread = std::thread::current().name(),
            "a bug has shown itself as a panic"
        );
    }));
}
