//! One recommendation with the clusters that it affects.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use ccx_messages::RuleSelector;
use chrono::{DateTime, Utc};

use super::{respond, rule_in_path};
use crate::{
    error_page::{ErrorPage, Kind},
    frame::{Frame, Section, Theme},
    html::{self, Html},
    icon::Icon,
    list::{Column, Order, Paging, Toolbar, matches},
    markdown,
    model::{AffectedCluster, RecommendationDetails},
    page::Page,
    query::Query,
    texts::Texts,
    visit::Visit,
};

const COLUMNS: [&str; 4] = ["name", "version", "impacted", "last_checked_at"];

#[derive(Template)]
#[template(path = "recommendation.html")]
struct View<'a> {
    frame: &'a Frame,
    now: DateTime<Utc>,
    /// The path of the recommendation.
    path: String,
    details: &'a RecommendationDetails,
    generic: Html,
    toolbar: Toolbar,
    columns: Vec<Column>,
    excluded_columns: Vec<Column>,
    rows: &'a [AffectedCluster],
    paging: Paging,
}

/// Shows a recommendation.
pub(crate) async fn show(
    State(page): State<Page>,
    Path(rule): Path<String>,
    visit: Visit,
) -> Result<Response, ErrorPage> {
    let rule: RuleSelector = rule.parse().map_err(|_| visit.error(Kind::NotFound))?;
    let details = page.source.recommendation(&visit.caller, &rule).await;
    let details = details.map_err(|error| visit.error((&error).into()))?;
    let (query, texts) = (&visit.query.without(&["done"]), visit.texts);
    let path = format!("{}/{}", Section::Recommendations.href(), rule_in_path(&rule));
    let order = Order::parse(query, &COLUMNS, "name");
    let rows = filtered(&details, query, &order);
    let paging = Paging::new(&path, query, rows.len());
    let view = View {
        frame: &visit.frame(Section::Recommendations),
        now: visit.now,
        generic: markdown::render(&details.recommendation.generic),
        toolbar: Toolbar::new(&path, query, texts, texts.filter_by_name, Vec::new()),
        columns: columns(&order, query, &path, texts),
        excluded_columns: excluded_columns(texts),
        rows: paging.select(&rows),
        details: &details,
        path,
        paging,
    };
    Ok(respond(StatusCode::OK, &view))
}

fn filtered(details: &RecommendationDetails, query: &Query, order: &Order<'_>) -> Vec<AffectedCluster> {
    let search = query.value("text").unwrap_or_default();
    let kept = details.affected.iter().filter(|row| matches(search, &[&row.name, &row.id.to_string()]));
    let mut rows: Vec<AffectedCluster> = kept.cloned().collect();
    rows.sort_by_cached_key(|row| (row.name.to_lowercase(), row.id));
    match order.column {
        "name" if order.is_descending => rows.reverse(),
        "version" => order.sort(&mut rows, |a, b| a.version.cmp(&b.version)),
        "impacted" => order.sort(&mut rows, |a, b| a.impacted_since.cmp(&b.impacted_since)),
        "last_checked_at" => order.sort(&mut rows, |a, b| a.last_checked_at.cmp(&b.last_checked_at)),
        _ => {}
    }
    rows
}

fn columns(order: &Order<'_>, query: &Query, path: &str, texts: &Texts) -> Vec<Column> {
    let column = |label, first| Column::sortable(label, first, order, query, path);
    vec![
        column(texts.name, "name"),
        column(texts.version, "-version"),
        column(texts.first_seen, "-impacted"),
        column(texts.last_seen, "-last_checked_at"),
        Column::fixed(texts.actions),
    ]
}

fn excluded_columns(texts: &Texts) -> Vec<Column> {
    [texts.name, texts.reason, texts.disabled_by, texts.disabled_since, texts.actions]
        .map(Column::fixed)
        .into()
}
