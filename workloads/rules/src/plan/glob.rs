//! Paths with `*`, which stands for any characters but `/`.

/// A pattern for paths.
///
/// ```
/// use ccx_rules::Glob;
///
/// let nodes = Glob::new("config/node/*.json");
/// assert!(nodes.matches("config/node/worker-0.json"));
/// assert!(!nodes.matches("config/node/logs/worker-0.json"));
/// ```
#[derive(Clone, Debug)]
pub struct Glob(Box<str>);

impl Glob {
    /// Creates the pattern `text`.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns whether it has no `*`.
    pub fn is_literal(&self) -> bool {
        !self.0.contains('*')
    }

    /// Returns the directory, with its trailing slash, that every match is in or below; empty for the root.
    pub(crate) fn directory(&self) -> &str {
        let literal = self.0.split('*').next().unwrap_or_default();
        &literal[..literal.rfind('/').map_or(0, |slash| slash + 1)]
    }

    /// Returns whether it matches the whole of `path`.
    pub fn matches(&self, path: &str) -> bool {
        let Some((head, tail)) = self.0.split_once('*') else { return *self.0 == *path };
        let Some(path) = path.strip_prefix(head) else { return false };
        if tail.contains('*') {
            return fits_after_star(tail.as_bytes(), path.as_bytes());
        }
        path.strip_suffix(tail).is_some_and(|taken| !taken.contains('/'))
    }
}

/// Returns whether a `*` followed by `glob` matches the whole of `path`.
///
/// A `*` first takes nothing, and one character more whenever the rest does not match. Only the last `*` has
/// to be tried again: an earlier one of the same segment could only move it to the right, and segments are
/// independent.
fn fits_after_star(glob: &[u8], path: &[u8]) -> bool {
    let (mut after_star, mut taken_to) = (0, 0);
    let (mut at, mut seen) = (0, 0);
    while seen < path.len() {
        match glob.get(at) {
            Some(b'*') => {
                at += 1;
                (after_star, taken_to) = (at, seen);
            }
            Some(&byte) if byte == path[seen] => {
                at += 1;
                seen += 1;
            }
            _ if path[taken_to] != b'/' => {
                taken_to += 1;
                (at, seen) = (after_star, taken_to);
            }
            _ => return false,
        }
    }
    glob[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(glob: &str, path: &str) -> bool {
        Glob::new(glob).matches(path)
    }

    #[test]
    fn star_matches_within_one_directory() {
        assert!(matches("config/node/*.json", "config/node/a.json"));
        assert!(matches("config/node/*.json", "config/node/.json"));
        assert!(!matches("config/node/*.json", "config/node/logs/a.json"));
        assert!(!matches("config/node/*.json", "config/node/a.json.gz"));
        assert!(!matches("config/node/*", "config/node"));
        assert!(matches("config/pod/openshift-*/logs/*/*.log", "config/pod/openshift-x/logs/p/errors.log"));
        assert!(!matches("config/pod/openshift-*/logs/*/*.log", "config/pod/kube-system/logs/p/errors.log"));
    }

    #[test]
    fn directory_is_the_common_parent_of_all_matches() {
        assert_eq!(Glob::new("config/pod/openshift-*/*.json").directory(), "config/pod/");
        assert_eq!(Glob::new("*.json").directory(), "");
    }

    /// Tries every way to split: slow and evidently correct.
    fn naive(glob: &[u8], path: &[u8]) -> bool {
        match (glob, path) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                naive(rest, path) || matches!(path, [byte, after @ ..] if *byte != b'/' && naive(glob, after))
            }
            ([a, glob @ ..], [b, path @ ..]) => a == b && naive(glob, path),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn glob_agrees_with_trying_every_split(glob in "[ab/*]{0,10}", path in "[ab/]{0,12}") {
            let expected = naive(glob.as_bytes(), path.as_bytes());
            prop_assert_eq!(matches(&glob, &path), expected);
        }
    }
}
