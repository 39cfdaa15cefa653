//! `docs/rules.md` is what the rules and their content say.

use std::{collections::BTreeMap, fmt::Write as _};

use ccx_content::{Content, ContentTree};
use ccx_rules::RuleMeta;
use ccx_test_support::assert_generated;

const HEAD: &str = "\
# Rules

What the built-in rules find. This page is generated from the rules and their content by `make generate`.

- **Risk** is the mean of impact and likelihood: low, moderate, important or critical.
- **Since** is the first OpenShift version whose archives can be judged; nothing means all. A rule without its files is skipped,
  and the report says so.
- `ccx rules explain NODE_NOT_READY` tells why a finding matters and what to do about it.
";

const WORKLOADS: &str = "
## Workload checks

What the deployment validation operator finds in workloads, from `config/dvo_metrics`.

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
    section(&mut page, &metas, "Information", "What is told about every cluster, and is no problem.", None);
    page.push_str(WORKLOADS);
    for content in tree.contents().filter(|content| !metas.contains_key(content.selector.rule.as_str())) {
        let (risk, tags) = (content.risk_label(), content.tags.join(", "));
        let _ = writeln!(page, "| {} | {} | {risk} | {tags} |", key(content), finds(content));
    }
    page
}

/// The rules whose first category is `tag`.
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

/// The category under which a finding is listed: the first of its tags that is one.
fn first_group_tag(content: &Content) -> Option<&str> {
    let is_category =
        |tag: &&String| ContentTree::builtin().groups().iter().any(|group| group.tags.contains(tag));
    content.tags.iter().find(is_category).map(String::as_str)
}

fn row(content: &Content, meta: &RuleMeta) -> String {
    let files: Vec<String> =
        meta.inputs().flat_map(ccx_rules::Input::globs).map(|glob| format!("`{glob}`")).collect();
    let since = content.since.map_or_else(String::new, |version| version.to_string());
    let (risk, tags) = (content.risk_label(), content.tags.join(", "));
    format!(
        "| {} | {} | {risk} | {since} | {tags} | {} |\n",
        key(content),
        finds(content),
        files.join("<br>")
    )
}

fn key(content: &Content) -> String {
    format!("`{}`", content.selector.error_key)
}

/// The headline as a sentence that fits a cell.
fn finds(content: &Content) -> String {
    format!("{}.", content.description.source().replace('|', "\\|"))
}
