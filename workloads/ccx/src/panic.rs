//! Logging of panics.

/// Logs every panic as an event with its location.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if ccx_transport::is_reading_header() {
            return;
        }
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(message, place, thread = std::thread::current().name(), "panicked");
    }));
}
