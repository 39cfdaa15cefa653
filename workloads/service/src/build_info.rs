//! The build of the running program.

use std::sync::OnceLock;

/// Stands for a value that the build does not know.
const NOT_SET: &str = "*not set*";

static BUILD: OnceLock<BuildInfo> = OnceLock::new();

/// The version and the source of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// Version, such as `0.1.0`.
    pub version: &'static str,
    /// Time of the commit, in the format of `date`: a build can be reproduced.
    pub time: &'static str,
    /// Branch in the version control.
    pub branch: &'static str,
    /// Commit in the version control, 40 hexadecimal digits.
    pub commit: &'static str,
}

impl BuildInfo {
    /// Returns the build of this process; unknown values are `*not set*`.
    pub fn current() -> Self {
        *BUILD.get_or_init(|| Self {
            version: env!("CARGO_PKG_VERSION"),
            time: NOT_SET,
            branch: NOT_SET,
            commit: NOT_SET,
        })
    }

    /// Sets the build of this process. Only the first call has an effect; a program makes it at its start.
    pub fn set(time: Option<&'static str>, branch: Option<&'static str>, commit: Option<&'static str>) {
        let value = |value: Option<&'static str>| value.filter(|value| !value.is_empty()).unwrap_or(NOT_SET);
        let build = Self {
            version: env!("CARGO_PKG_VERSION"),
            time: value(time),
            branch: value(branch),
            commit: value(commit),
        };
        let _ = BUILD.set(build);
    }
}
