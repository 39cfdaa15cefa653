//! Paths of members: normalisation, and refusal of unsafe ones.

/// A path that is left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnsafePath;

/// Appends `path` to `out` in its normal form, `a/b/c`: without `.` and empty components.
///
/// Absolute paths, `..` components, NUL bytes, bytes that are not UTF-8, and paths without a name are refused; `out` is then
/// unchanged.
pub(crate) fn push_normalised(path: &[u8], out: &mut String) -> Result<(), UnsafePath> {
    let path = std::str::from_utf8(path).map_err(|_| UnsafePath)?;
    if path.starts_with('/') || path.contains('\0') {
        return Err(UnsafePath);
    }
    let start = out.len();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => {
                out.truncate(start);
                return Err(UnsafePath);
            }
            name => {
                if out.len() > start {
                    out.push('/');
                }
                out.push_str(name);
            }
        }
    }
    if out.len() > start { Ok(()) } else { Err(UnsafePath) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normalised(path: &[u8]) -> Result<String, UnsafePath> {
        let mut out = String::from("before");
        let result = push_normalised(path, &mut out);
        let added = out.strip_prefix("before").expect("what was there stays").to_owned();
        if result.is_err() {
            assert_eq!(added, "");
        }
        result.map(|()| added)
    }

    #[test]
    fn safe_path_is_normalised() {
        for (path, expected) in [
            ("config/id", "config/id"),
            ("./config/id", "config/id"),
            ("config//id", "config/id"),
            ("config/./id", "config/id"),
            ("config/..id/...", "config/..id/..."),
            ("a b/ü", "a b/ü"),
        ] {
            assert_eq!(normalised(path.as_bytes()).as_deref(), Ok(expected), "{path}");
        }
    }

    #[test]
    fn unsafe_path_is_refused() {
        for path in ["/etc/passwd", "//x", "..", "../x", "config/../../x", "config/..", "", ".", "./", "a\0b"]
        {
            assert_eq!(normalised(path.as_bytes()), Err(UnsafePath), "{path:?}");
        }
        assert_eq!(normalised(b"config/\xff"), Err(UnsafePath));
    }

    proptest! {
        #[test]
        fn normalised_path_stays_below_the_root(path in "[a./]{0,12}") {
            if let Ok(path) = normalised(path.as_bytes()) {
                let is_plain = path.split('/').all(|component| !["", ".", ".."].contains(&component));
                prop_assert!(is_plain, "{}", path);
                prop_assert_eq!(normalised(path.as_bytes()), Ok(path));
            }
        }
    }
}
