//! The built-in rules, one file each.

use crate::Rule;

/// Every built-in rule.
pub(crate) fn rules() -> Vec<Box<dyn Rule>> {
    Vec::new()
}
