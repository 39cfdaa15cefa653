//! Renders `docs/conditions.md`.

use std::fmt::Write as _;

use crate::model::{condition_type::ConditionType, reason::Reason};

const HEAD: &str = "\
# Conditions and reasons

<!-- Generated from `operator/src/model/reason.rs` by `make generate`. -->

`kubectl get ccxp NAME -o yaml` shows the conditions of a resource. Each has a status, a reason from the list below, and a message
that names the object.

";

/// Renders `docs/conditions.md`.
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
    fn page_of_conditions_is_up_to_date() {
        ccx_test_support::assert_generated("docs/conditions.md", &page());
    }
}
