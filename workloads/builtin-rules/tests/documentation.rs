//! Generates `docs/rules.md` from the rules and their content.

use std::{collections::BTreeMap, fmt::Write as _};

use ccx_content::{Content, ContentTree};
use ccx_rules::{Applicability, ClusterKind, Input, LogQuery, RuleMeta, Versions};
use ccx_test_support::assert_generated;

const HEAD: &str = "\
# Rules

Conditions that the built-in rules report. This page is generated from the rules and their content by `make generate`.

- **Risk** is the mean of impact and likelihood: low, moderate, important or critical.
- **Since** is the first OpenShift release whose archives contain the required files; empty means all releases. A rule without
  its files is skipped, and the report lists it with the reason.
- **Reads** lists paths and metrics, each with the releases whose Insights Operator records it, including backports; without a
  release, all record it.
- `ccx rules explain NODE_NOT_READY` shows the reason and the resolution of a recommendation.
";

const MINIMUM_AGES: &str = "
## Minimum ages

Temporary states are normal, for example during a restart. They are reported when they have persisted for the minimum duration since
the transition time of the condition. A state without a transition time is reported. Without the gathering time of the archive,
the rule is skipped.

| key | state | minimum |
|---|---|---|
";

const MAXIMUM_AGES: &str = "
## Age of log lines

Logs keep lines until they are rotated. These rules count only lines that were logged within the time below before the archive was
gathered. A line without a time has that of the nearest line before it, or of the first line after it; lines of a file without any time
count. Without the gathering time of the archive, the rule is skipped.

| key | maximum |
|---|---|
";

const CLUSTER_KINDS: &str = "
## Where rules apply

**no**: the rule is skipped, and the report contains the reason. **adapted**: the rule applies with the difference listed below the
table. Archives do not show whether a cluster is disconnected.

";

const WORKLOADS: &str = "
## Workload checks

Findings of the Deployment Validation Operator in workloads, from `config/dvo_metrics`.

| key | finds | risk | tags |
|---|---|---|---|
";

#[test]
fn page_of_rules_is_up_to_date() {
    assert_generated("docs/rules.md", &page());
}

fn page() -> String {
    let engine = ccx_builtin_rules::engine();
    let metas: BTreeMap<&str, &RuleMeta> = engine.rules().map(|meta| (meta.rule.as_str(), meta)).collect();
    let tree = ContentTree::builtin();
    let mut page = HEAD.to_owned();
    for group in tree.groups() {
        let tag = group.tags.first().map(String::as_str);
        section(&mut page, &metas, &group.title, &group.description, tag);
    }
    section(
        &mut page,
        &metas,
        "Information",
        "Information about every cluster, which does not indicate a problem.",
        None,
    );
    minimum_ages(&mut page, &metas);
    maximum_ages(&mut page, &metas);
    cluster_kinds(&mut page, &metas);
    page.push_str(WORKLOADS);
    for content in tree.contents().filter(|content| !metas.contains_key(content.selector.rule.as_str())) {
        let (risk, tags) = (content.risk_label(), content.tags.join(", "));
        let _ = writeln!(page, "| {} | {} | {risk} | {tags} |", key(content), finds(content));
    }
    page
}

/// Writes the durations after which rules report a state.
fn minimum_ages(page: &mut String, metas: &BTreeMap<&str, &RuleMeta>) {
    page.push_str(MINIMUM_AGES);
    for meta in metas.values() {
        for age in &meta.min_ages {
            let _ = writeln!(page, "| {} | {} | {} |", keys(meta), age.state, age.duration_text());
        }
    }
}

/// Writes the durations for which log lines count.
fn maximum_ages(page: &mut String, metas: &BTreeMap<&str, &RuleMeta>) {
    page.push_str(MAXIMUM_AGES);
    for meta in metas.values() {
        for age in meta.log_queries.iter().filter_map(LogQuery::max_age) {
            let _ = writeln!(page, "| {} | {} hours |", keys(meta), age.num_hours());
        }
    }
}

/// Writes the applicability of the rules to the kinds of clusters, with the reasons.
fn cluster_kinds(page: &mut String, metas: &BTreeMap<&str, &RuleMeta>) {
    page.push_str(CLUSTER_KINDS);
    let names = ClusterKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" | ");
    let _ = writeln!(page, "| key | {names} |\n|{}", "---|".repeat(ClusterKind::ALL.len() + 1));
    for meta in metas.values() {
        let cells: Vec<&str> = ClusterKind::ALL
            .iter()
            .map(|&kind| match meta.applicability(kind) {
                Applicability::Applies => "yes",
                Applicability::Adapts(_) => "adapted",
                Applicability::Excluded(_) => "**no**",
            })
            .collect();
        let _ = writeln!(page, "| {} | {} |", keys(meta), cells.join(" | "));
    }
    page.push('\n');
    for meta in metas.values() {
        for (kind, applicability) in &meta.cluster_kinds {
            let why = match applicability {
                Applicability::Applies => continue,
                Applicability::Adapts(difference) => difference,
                Applicability::Excluded(reason) => reason,
            };
            let _ = writeln!(page, "- {}, {}: {why}.", keys(meta), kind.as_str());
        }
    }
}

fn keys(meta: &RuleMeta) -> String {
    let keys: Vec<String> = meta.error_keys.iter().map(|key| format!("`{key}`")).collect();
    keys.join(", ")
}

/// Writes the rules whose first category is `tag`.
fn section(
    page: &mut String,
    metas: &BTreeMap<&str, &RuleMeta>,
    title: &str,
    description: &str,
    tag: Option<&str>,
) {
    let _ = write!(page, "\n## {title}\n\n{description}\n\n");
    page.push_str("| key | finds | risk | since | tags | reads |\n|---|---|---|---|---|---|\n");
    for content in ContentTree::builtin().contents().filter(|content| first_group_tag(content) == tag) {
        if let Some(meta) = metas.get(content.selector.rule.as_str()) {
            page.push_str(&row(content, meta));
        }
    }
}

/// Returns the category under which a finding is listed: the first of its tags that is a category.
fn first_group_tag(content: &Content) -> Option<&str> {
    let is_category =
        |tag: &&String| ContentTree::builtin().groups().iter().any(|group| group.tags.contains(tag));
    content.tags.iter().find(is_category).map(String::as_str)
}

fn row(content: &Content, meta: &RuleMeta) -> String {
    let families = meta.metric_families.iter().map(|family| (&*family.name, family.versions));
    let read: Vec<String> = meta.inputs().flat_map(Input::locations).chain(families).map(location).collect();
    let since = meta.versions().since.map_or_else(String::new, |version| version.to_string());
    let (risk, tags) = (content.risk_label(), content.tags.join(", "));
    format!("| {} | {} | {risk} | {since} | {tags} | {} |\n", key(content), finds(content), read.join("<br>"))
}

/// Formats a glob with the versions whose archives have such files.
fn location((glob, versions): (&str, Versions)) -> String {
    let versions = versions.to_string();
    if versions.is_empty() { format!("`{glob}`") } else { format!("`{glob}` ({versions})") }
}

fn key(content: &Content) -> String {
    format!("`{}`", content.selector.error_key)
}

/// Returns the headline as a sentence for a table cell.
fn finds(content: &Content) -> String {
    format!("{}.", content.description.source().replace('|', "\\|"))
}
