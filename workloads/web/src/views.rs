//! The views, and what their templates have in common.

pub(crate) mod actions;
pub(crate) mod cluster;
pub(crate) mod clusters;
pub(crate) mod preferences;
pub(crate) mod recommendation;
pub(crate) mod recommendations;
pub(crate) mod uploads;
pub(crate) mod workload;
pub(crate) mod workloads;

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use ccx_messages::RuleSelector;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    list::{Choice, Filter},
    model::{Category, Risk, RiskCounts},
    query::Query,
    texts::Texts,
};

/// Characters that have a meaning in a query. The separator of a rule and its key is kept, as in the Advisor's links.
const IN_QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'>');

/// Characters that are kept in a segment of a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-').remove(b'~');

/// A number with its link, at the top of a list.
#[derive(Debug)]
pub(crate) struct Tile {
    pub(crate) risk: Risk,
    pub(crate) count: String,
    pub(crate) href: String,
}

/// Returns a tile for each severity; its link filters the list by `parameter`.
pub(crate) fn tiles(counts: &RiskCounts, path: &str, parameter: &str) -> Vec<Tile> {
    let tile = |risk: Risk| Tile {
        risk,
        count: crate::texts::with_separators(counts[risk].into()),
        href: format!("{path}?{parameter}={}", risk.number()),
    };
    Risk::ALL.map(tile).into()
}

/// Returns a filter by severity.
pub(crate) fn risk_filter(name: &'static str, label: &'static str, query: &Query, texts: &Texts) -> Filter {
    let chosen = query.values(name);
    let choice = |risk: Risk| {
        let value = risk.number().to_string();
        Choice { label: risk.name(texts).to_owned(), is_chosen: chosen.contains(&value.as_str()), value }
    };
    Filter { name, label, choices: Risk::ALL.map(choice).into(), is_single: false }
}

/// Returns a filter by category.
pub(crate) fn category_filter(query: &Query, texts: &Texts) -> Filter {
    let chosen = query.values("category");
    let choice = |category: Category| {
        let value = category.number().to_string();
        Choice { label: category.name(texts).to_owned(), is_chosen: chosen.contains(&value.as_str()), value }
    };
    let choices = Category::ALL.map(choice).into();
    Filter { name: "category", label: texts.category, choices, is_single: false }
}

/// Returns the severities that a parameter names; all of them if it names none.
pub(crate) fn chosen_risks(query: &Query, name: &str) -> Vec<Risk> {
    let chosen: Vec<Risk> = query.values(name).into_iter().filter_map(Risk::parse).collect();
    if chosen.is_empty() { Risk::ALL.into() } else { chosen }
}

/// Returns whether a recommendation with these tags belongs to one of the chosen categories, if there are any.
pub(crate) fn is_in_chosen_category(query: &Query, tags: &[String]) -> bool {
    let mut chosen = query.values("category").into_iter().filter_map(Category::parse).peekable();
    chosen.peek().is_none() || chosen.any(|category| category.has_any_of(tags))
}

/// Returns the categories of a recommendation.
pub(crate) fn categories(tags: &[String]) -> Vec<Category> {
    Category::ALL.into_iter().filter(|category| category.has_any_of(tags)).collect()
}

/// Returns the names of the categories of a recommendation.
pub(crate) fn category_names(tags: &[String], texts: &Texts) -> String {
    let names: Vec<&str> = categories(tags).into_iter().map(|category| category.name(texts)).collect();
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

/// Returns a recommendation as a segment of a path.
pub(crate) fn rule_in_path(rule: &RuleSelector) -> String {
    in_path(&rule.to_string())
}

/// Returns a recommendation as a value of a query.
pub(crate) fn rule_in_query(rule: &RuleSelector) -> String {
    utf8_percent_encode(&rule.to_string(), IN_QUERY).to_string()
}

/// Returns a text as a segment of a path.
pub(crate) fn in_path(text: &str) -> String {
    utf8_percent_encode(text, IN_PATH).to_string()
}

/// Renders a page.
pub(crate) fn respond(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "failed to render a page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
