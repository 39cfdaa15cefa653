//! The page of the documentation.

use std::fmt::Write as _;

use super::Reason;
use crate::controller::ConditionType;

const HEAD: &str = "\
# Conditions and reasons

<!-- Made from `operator/src/reason.rs` by `cargo test -p ccx-operator reason`: set `UPDATE_DOCS=1` to write it. -->

`kubectl get ccxp NAME -o yaml` shows the conditions of a resource. Each has a status, a reason from the list below, and a message
that names the object.

";

/// `docs/conditions.md`.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("## Conditions\n\n| condition | true when |\n|---|---|\n");
    for condition in ConditionType::ALL {
        let _ = writeln!(page, "| `{}` | {} |", condition.name(), condition.meaning());
    }
    page.push_str("\n## Reasons\n\n| reason | what it means | what to do |\n|---|---|---|\n");
    for reason in Reason::ALL {
        let _ = writeln!(page, "| `{}` | {} | {} |", reason.name(), reason.meaning(), reason.advice());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_documentation_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conditions.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == page(), "docs/conditions.md is stale: run this test with UPDATE_DOCS=1");
    }
}
