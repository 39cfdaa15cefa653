//! Paths of members: which are safe, and how they are written.

/// Why a path is left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnsafePath;

/// Appends `path` to `out` in its plain form, `a/b/c`: without `.` and empty components.
///
/// Absolute paths, `..` components, NUL bytes, what is not UTF-8, and what has no name at all are refused; `out` is then as it was.
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
