//! The headers of a record.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;

/// The headers of a record: an ordered list in which a name may occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    headers: Vec<(String, Bytes)>,
    unreadable: usize,
}

impl Headers {
    /// Returns the value of the first header of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns the value of the first header of that name, if it is UTF-8.
    pub fn get_str(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.get(name)?).ok()
    }

    /// Iterates over all headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_ref()))
    }

    /// Returns the number of headers that were dropped because their names are not UTF-8. Kafka's protocol demands
    /// UTF-8, and neither brokers nor most producers check it.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// Copies headers out of librdkafka's memory.
    pub(super) fn copied(native: &impl rdkafka::message::Headers) -> Self {
        let mut copied = Self::default();
        for index in 0..native.count() {
            match guarded(|| {
                let header = native.get(index);
                (header.key.to_owned(), Bytes::copy_from_slice(header.value.unwrap_or_default()))
            }) {
                Some(header) => copied.headers.push(header),
                None => copied.unreadable += 1,
            }
        }
        copied
    }
}

impl FromIterator<(String, Bytes)> for Headers {
    fn from_iter<I: IntoIterator<Item = (String, Bytes)>>(headers: I) -> Self {
        Self { headers: headers.into_iter().collect(), unreadable: 0 }
    }
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether this thread is reading a header of a foreign record, where a panic is handled: it is not a bug, and a
/// panic hook need not report it.
pub fn is_reading_header() -> bool {
    IS_GUARDED.get()
}

/// Runs `read`, and returns `None` if it panics.
///
/// The `rdkafka` crate has no accessor of headers that does not panic on a name that is not UTF-8. It panics while it
/// reads, so unwinding leaves nothing half-done.
fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    IS_GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(false);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_header_of_a_name_is_returned() {
        let headers: Headers = [("service", "openshift"), ("service", "advisor"), ("raw", "\u{e9}")]
            .map(|(name, value)| (name.into(), value.into()))
            .into_iter()
            .collect();
        assert_eq!(headers.get_str("service"), Some("openshift"));
        assert_eq!(headers.get("raw"), Some([0xc3, 0xa9].as_slice()));
        assert_eq!(headers.get("absent"), None);
    }

    #[test]
    fn value_that_is_not_utf_8_has_bytes_and_no_text() {
        let headers: Headers = [("raw".to_owned(), Bytes::from_static(&[0xff]))].into_iter().collect();
        assert_eq!((headers.get("raw"), headers.get_str("raw")), (Some([0xff].as_slice()), None));
    }

    #[test]
    fn panic_while_reading_is_guarded_and_the_guard_ends() {
        assert_eq!(guarded(is_reading_header), Some(true));
        assert_eq!(guarded(|| -> u8 { panic!("not UTF-8") }), None);
        assert!(!is_reading_header());
    }
}
