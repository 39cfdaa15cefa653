//! Error classes.

use strum::{Display, EnumString, IntoStaticStr};

/// The class of an error, from which alone it follows whether to retry, to dead-letter or to alert.
///
/// ```
/// use ccx_messages::ErrorClass;
///
/// assert_eq!(ErrorClass::BadInput.to_string(), "bad-input");
/// assert_eq!("bad-input".parse(), Ok(ErrorClass::BadInput));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum ErrorClass {
    /// A dependency failed: retrying later can help.
    Transient,
    /// The message or the archive is invalid: retrying can't help.
    BadInput,
    /// A bug of this program.
    Bug,
}

impl ErrorClass {
    /// Returns the value of the header [`ERROR_CLASS`](crate::header::ERROR_CLASS).
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
