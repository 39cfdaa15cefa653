//! Error classes.

use std::{fmt, str::FromStr};

/// The class of an error, from which alone it follows whether to retry, to dead-letter or to alert.
///
/// ```
/// use ccx_messages::ErrorClass;
///
/// assert_eq!(ErrorClass::BadInput.to_string(), "bad-input");
/// assert_eq!("bad-input".parse(), Ok(ErrorClass::BadInput));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
        match self {
            Self::Transient => "transient",
            Self::BadInput => "bad-input",
            Self::Bug => "bug",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ErrorClass {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Transient, Self::BadInput, Self::Bug]
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or(())
    }
}
