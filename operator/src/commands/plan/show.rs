//! Prints a plan.

use std::fmt::Write as _;

use ccx_crds::ChangeAction;
use ccx_operator::plan::{Change, Plan};

/// Returns the changes with their fields, then the restarts with their reasons.
pub(super) fn show(plan: &Plan) -> String {
    let mut text = if plan.changes.is_empty() { "nothing would change\n".into() } else { changes(plan) };
    if !plan.missing.is_empty() {
        text.push_str("\nchildren that need these references stay unchanged until they exist:\n");
    }
    for problem in &plan.missing {
        let _ = writeln!(text, "    {}", problem.message);
    }
    text
}

fn changes(plan: &Plan) -> String {
    let mut text: String = plan.changes.iter().map(change).collect();
    text.push('\n');
    for restart in &plan.restarts {
        let _ = writeln!(text, "{} would restart: {}", restart.component, restart.reason());
    }
    if plan.restarts.is_empty() {
        text.push_str("no pods would restart\n");
    }
    text
}

fn change(change: &Change) -> String {
    let sign = match change.action {
        ChangeAction::Create => '+',
        ChangeAction::Update => '~',
        ChangeAction::Delete => '-',
    };
    let mut text = format!("{sign} {} {}\n", change.kind.name(), change.name);
    for field in &change.fields {
        match field.changed_lines() {
            Some(lines) => {
                let _ = writeln!(text, "    {}:", field.path);
                text.extend(lines.iter().map(|line| format!("        {line}\n")));
            }
            None => {
                let _ = writeln!(text, "    {}: {}", field.path, field.values());
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use ccx_operator::{
        model::{component::Component, input::Input, kind::Kind, problem::Problem, reason::Reason},
        plan::{FieldChange, Restart, restart::RestartReason},
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_come_with_their_fields_and_restarts_with_their_reasons() {
        let field = FieldChange {
            path: "data[\"ccx.toml\"]".into(),
            before: Some(json!("a")),
            after: Some(json!("b")),
        };
        let plan = Plan {
            changes: vec![
                Change {
                    action: ChangeAction::Create,
                    kind: Kind::Service,
                    name: "new".into(),
                    fields: vec![],
                },
                Change {
                    action: ChangeAction::Update,
                    kind: Kind::ConfigMap,
                    name: "old".into(),
                    fields: vec![field],
                },
            ],
            restarts: vec![Restart {
                component: Component::DbWriter,
                reasons: vec![RestartReason::InputChanged {
                    input: Input::Config,
                    objects: vec!["ccx.toml".into()],
                }],
            }],
            missing: vec![],
        };
        let expected = "\
+ Service new
~ ConfigMap old
    data[\"ccx.toml\"]: \"a\" -> \"b\"

insights-results-db-writer would restart: the configuration has changed in ccx.toml
";
        assert_eq!(show(&plan), expected);
    }

    #[test]
    fn missing_references_are_shown_with_any_plan() {
        let problem = Problem::new(Reason::SecretMissing, "Secret a does not exist");
        let plan = Plan { missing: vec![problem], ..Plan::default() };
        let expected = "nothing would change\n\nchildren that need these references stay unchanged until they exist:\n    Secret a does not exist\n";
        assert_eq!(show(&plan), expected);
    }

    #[test]
    fn empty_plan_is_shown_as_no_change() {
        assert_eq!(show(&Plan::default()), "nothing would change\n");
    }
}
